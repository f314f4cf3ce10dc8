package tokenstatuslist_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/tokenstatuslist"
)

type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { log.Print(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { log.Fatal("the example's city could not be built") }

// A city serves the list of one of its issuer keys to those who read the IETF's
// form of it. What is printed is the payload for its JWT signer.
func ExampleNew() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	issuer := city.Issuer.ID()
	if err := city.Register[issuer].Set(471, citycode.StatusRevoked); err != nil {
		log.Fatal(err)
	}
	list, err := citycode.OpenStatusList(city.StatusMessage(issuer), city.Trust(nil), citycode.Version{})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := tokenstatuslist.New(list, tokenstatuslist.Options{URI: "https://example.org/status/210100/1/0", TTL: 12 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		log.Fatal(err)
	}
	front, lst, _ := strings.Cut(string(payload), `"lst":`)
	fmt.Println(front)
	fmt.Println(list.Len(), "entries in less than 100 letters:", len(lst) < 100)

	// Output:
	// {"sub":"https://example.org/status/210100/1/0","iat":1795305600,"exp":1795910400,"ttl":43200,"status_list":{"bits":2,
	// 10000 entries in less than 100 letters: true
}
