package citycode

import (
	"fmt"
	"math/bits"
	"strings"
)

// Scenes is a set of scene groups (场景): the mask of a credential, the one
// group for which a code is shown, or the groups that a terminal serves
// (SPEC §2.6). Bits 12 to 15 belong to each city.
type Scenes uint16

// The scene groups of SPEC §2.6.
const (
	Transit Scenes = 1 << iota // 乘车
	Medical                    // 就医
	Parking                    // 停车
	Tourism                    // 入园、门票
	Lodging                    // 入住
	Library                    // 借阅
	Payment                    // 支付
	Affairs                    // 政务、申领
	Care                       // 养老、助残
)

var sceneNames = [...]string{"transit", "medical", "parking", "tourism", "lodging", "library", "payment", "affairs", "care"}

// String lists the groups, as in transit|parking.
func (s Scenes) String() string {
	if s == 0 {
		return "none"
	}
	var names []string
	for i := range 16 {
		if s&(1<<i) == 0 {
			continue
		}
		if i < len(sceneNames) {
			names = append(names, sceneNames[i])
		} else {
			names = append(names, fmt.Sprintf("bit%d", i))
		}
	}
	return strings.Join(names, "|")
}

// ParseScenes is the inverse of [Scenes.String].
func ParseScenes(text string) (Scenes, error) {
	if text == "none" {
		return 0, nil
	}
	var set Scenes
next:
	for name := range strings.SplitSeq(text, "|") {
		for i := range 16 {
			if Scenes(1<<i).String() == name {
				set |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("citycode: no scene group is called %q", name)
	}
	return set, nil
}

// single reports whether s is one group.
func (s Scenes) single() bool { return bits.OnesCount16(uint16(s)) == 1 }
