package parking

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// BenchmarkHandle is a car in and out by code with a mandate, the postings
// included: two decisions an iteration.
func BenchmarkHandle(b *testing.B) {
	w := newTown(b, nil)
	w.bind(li, plateLi, "mandate-li")
	in := w.people.Visit(scenarios.Phone, "li", 0, Enter, `{"lot":"south"}`)
	out := in
	out.Action, out.Params = Leave, json.RawMessage(`{"lot":"south"}`)
	ctx, n := context.Background(), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		in.Key, in.Time = fmt.Sprint("in ", n), w.clock
		w.clock = w.clock.Add(time.Minute * 20)
		out.Key, out.Time = fmt.Sprint("out ", n), w.clock
		for _, v := range []*scenarios.Visit{&in, &out} {
			if d, err := w.Handle(ctx, v); err != nil || !d.Allow {
				b.Fatal(d, err)
			}
		}
	}
}

// BenchmarkCamera is the same by plate.
func BenchmarkCamera(b *testing.B) {
	w := newTown(b, nil)
	w.bind(li, plateLi, "mandate-li")
	b.ReportAllocs()
	for b.Loop() {
		w.see("south", plateLi, false)
		w.pass(time.Minute)
		w.see("south", plateLi, true)
	}
}
