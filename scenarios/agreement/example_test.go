package agreement_test

import (
	"fmt"
	"os"
	"time"

	"github.com/citizencode/citizencode/scenarios/agreement"
)

// A metro that is bound to a partner until the end of 2026.
func Example() {
	data, err := os.ReadFile("testdata/city.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	registry, err := agreement.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, day := range []string{"2026-12-31T23:59:59+08:00", "2027-01-01T00:00:00+08:00"} {
		now, _ := time.Parse(time.RFC3339, day)
		p := registry.Profile("metro", "line-1", now)
		fmt.Println(day, p.Accepts)
		if p.Switch != nil {
			fmt.Println("show instead:", p.Switch.Wallet, p.Switch.Name.Zh)
		}
	}
	// Output:
	// 2026-12-31T23:59:59+08:00 [operator-code transit-card cash]
	// show instead: metro-app 地铁乘车码
	// 2027-01-01T00:00:00+08:00 [citizen-code operator-code transit-card cash]
}
