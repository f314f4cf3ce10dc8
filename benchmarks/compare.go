// Package benchmarks holds what runs against an implementation: measurements as
// ratios against a named baseline in one run, and checks of what a small
// program links. Nothing imports it.
package benchmarks

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Candidate is something that is timed.
type Candidate struct {
	Name string
	Do   func() // one operation
	Of   int    // or so many of them; 0: 1
}

// A Row is what one candidate cost.
type Row struct {
	Name     string
	PerOp    time.Duration // process CPU time, median over the rounds
	Ratio    float64       // to the baseline: median of the ratios within a round
	Min, Max float64       // of those ratios
	Allocs   float64       // per operation; below 0: not known
}

// Compare times the candidates in one process, round-robin, and relates each to
// the first, the baseline, within the same round. Times are process CPU time,
// so a busy machine makes them noisy but not wrong. Each candidate runs for
// about slice in each round.
func Compare(rounds int, slice time.Duration, candidates ...Candidate) []Row {
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	loops := make([]int, len(candidates))
	for i, c := range candidates {
		c.Do() // what a first call sets up would end the calibration at one loop
		for loops[i] = 1; ; loops[i] *= 2 {
			if d := timed(c, loops[i]); d > slice/2 {
				break
			}
		}
	}
	perOp := make([][]float64, len(candidates))
	for range rounds {
		for i, c := range candidates {
			perOp[i] = append(perOp[i], float64(timed(c, loops[i]))/float64(loops[i]*max(1, c.Of)))
		}
	}
	rows := make([]Row, len(candidates))
	for i, c := range candidates {
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = perOp[i][r] / perOp[0][r]
		}
		slices.Sort(ratios)
		times := slices.Sorted(slices.Values(perOp[i]))
		rows[i] = Row{Name: c.Name, PerOp: time.Duration(times[rounds/2]), Ratio: ratios[rounds/2], Min: ratios[0], Max: ratios[rounds-1], Allocs: allocs(c)}
	}
	return rows
}

func timed(c Candidate, n int) time.Duration {
	before := cpuTime()
	for range n {
		c.Do()
	}
	return cpuTime() - before
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // RUSAGE_SELF cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocs counts three times and believes the least: what the runtime allocates
// beside an operation is not the operation's.
func allocs(c Candidate) float64 {
	n := max(1, 100/max(1, c.Of))
	least := uint64(math.MaxUint64)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			c.Do()
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return float64(least) / float64(n*max(1, c.Of))
}

// Cold times one operation at a time, each after everything that it reads was
// pushed out of the caches of its core, and relates the median to what the same
// takes in a loop, as Compare does. It returns the median and the ratio.
func Cold(n int, c Candidate) (perOp time.Duration, ratio float64) {
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	const beyond = 48 << 20 // bytes; no core has that much to itself
	other := make([]byte, beyond)
	cold, warm := make([]float64, n), make([]float64, n)
	for i := range n {
		for at := 0; at < len(other); at += 64 {
			other[at]++
		}
		cold[i] = float64(timed(c, 1))
		warm[i] = float64(timed(c, 1))
	}
	slices.Sort(cold)
	slices.Sort(warm)
	return time.Duration(cold[n/2]), cold[n/2] / warm[n/2]
}

// Print writes the rows as a table, with the machine in front.
func Print(w io.Writer, title string, rows []Row) {
	fmt.Fprintf(w, "%s\n%s\n", title, Machine())
	fmt.Fprintf(w, "%-44s %12s %8s %15s %10s\n", "", "CPU/op", "ratio", "min .. max", "allocs/op")
	for _, r := range rows {
		allocs := "-"
		if r.Allocs >= 0 {
			allocs = fmt.Sprintf("%.1f", r.Allocs)
		}
		fmt.Fprintf(w, "%-44s %12s %8.3f %6.3f .. %5.3f %10s\n", r.Name, r.PerOp.Round(10*time.Nanosecond), r.Ratio, r.Min, r.Max, allocs)
	}
}

// Machine describes where a measurement ran, in one line.
func Machine() string {
	model := "unknown CPU"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "unknown"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(b), " ")
	}
	return fmt.Sprintf("%s/%s, %s, %d CPUs%s, load %s, %s, our SM2 by %s", runtime.GOOS, runtime.GOARCH, model, runtime.NumCPU(), caches(), load, runtime.Version(), build())
}

// build names what our SM2 verification computes with.
func build() string {
	if e, ok := engine.Default().(interface{ Build() string }); ok {
		return e.Build()
	}
	return "Go"
}

// caches names the sizes of the second and third cache, where the system tells.
func caches() (text string) {
	for _, level := range []string{"2", "3"} {
		if b, err := os.ReadFile("/sys/devices/system/cpu/cpu0/cache/index" + level + "/size"); err == nil {
			text += ", L" + level + " " + strings.TrimSpace(string(b))
		}
	}
	return text
}
