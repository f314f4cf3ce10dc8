package tariff_test

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A driver parks in the evening, stays the night, and asks why it is 15 yuan.
func Example() {
	t, err := tariff.Parse([]byte(`{
	  "id": "example", "zone": "Asia/Shanghai", "free": {"minutes": 15}, "graceMinutes": 15,
	  "plans": {"car": {
	    "workday": [
	      {"name": "日间", "from": "08:00", "first": {"units": 1, "minutes": 60, "fen": 600}, "minutes": 30, "fen": 200},
	      {"name": "夜间", "from": "20:00", "minutes": 60, "fen": 100, "capFen": 500}
	    ],
	    "cap": {"per": "24h", "fen": 4000, "restart": true}
	  }},
	  "classes": {"small": {"plan": "car"}, "new-energy": {"plan": "car", "percent": 50}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	shenyang := time.FixedZone("", 8*3600)
	entry := time.Date(2026, 3, 2, 18, 40, 0, 0, shenyang)
	exit := time.Date(2026, 3, 3, 8, 10, 0, 0, shenyang)
	for _, class := range []tariff.Class{tariff.Small, tariff.NewEnergy} {
		c, err := t.Fee(entry, exit, class)
		fmt.Println(class, c.Fen, "fen", c.Stay, err)
		for _, line := range c.Lines {
			fmt.Printf("  %5d  %s\n", line.Fen, t.Text(line).Zh)
		}
	}
	// Output:
	// small 1500 fen 13h30m0s <nil>
	//     600  日间 03-02 18:40–03-02 19:40：1 × 60 分钟，每次 6.00 元，共 6.00 元
	//     200  日间 03-02 19:40–03-02 20:00：1 × 30 分钟，每次 2.00 元，共 2.00 元
	//    1200  夜间 03-02 20:00–03-03 08:00：12 × 60 分钟，每次 1.00 元，共 12.00 元
	//    -700  夜间 封顶 5.00 元，减 7.00 元
	//     200  日间 03-03 08:00–03-03 08:10：1 × 30 分钟，每次 2.00 元，共 2.00 元
	// new-energy 750 fen 13h30m0s <nil>
	//     600  日间 03-02 18:40–03-02 19:40：1 × 60 分钟，每次 6.00 元，共 6.00 元
	//     200  日间 03-02 19:40–03-02 20:00：1 × 30 分钟，每次 2.00 元，共 2.00 元
	//    1200  夜间 03-02 20:00–03-03 08:00：12 × 60 分钟，每次 1.00 元，共 12.00 元
	//    -700  夜间 封顶 5.00 元，减 7.00 元
	//     200  日间 03-03 08:00–03-03 08:10：1 × 30 分钟，每次 2.00 元，共 2.00 元
	//    -750  按 50% 收取，减 7.50 元
}
