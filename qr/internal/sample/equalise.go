package sample

import "github.com/citizencode/citizencode/qr/internal/matrix"

const (
	margin  = 2 // modules around the symbol that are measured as well
	maxTaps = (2*margin+1)*(2*margin+1) + 1
	ridge   = 0.02 // pulls the taps to zero, as a part of the variance
)

// Equalise fills Modules with what a filter makes of each module and its neighbours up to reach (1 or 2) away. The
// filter is the one that makes the function patterns, which are known, come out best: it undoes what spreads a module
// over its neighbours, be it focus, motion or a ghost, whatever its shape. With again set the modules that Modules holds
// now are taken as known too.
func (s *Sampler) Equalise(p *matrix.Pattern, reach int, again bool) {
	n := s.Modules.Size
	wide := n + 2*margin
	taps := (2*reach+1)*(2*reach+1) + 1
	var a [maxTaps][maxTaps + 1]float64
	var row [maxTaps]float64
	features := func(x, y int) {
		at := (y+margin)*wide + x + margin
		mean := s.mean[y*n+x]
		k := 0
		for j := -reach; j <= reach; j++ {
			for i := -reach; i <= reach; i++ {
				row[k] = float64(s.dark[at+j*wide+i]-mean) * (1.0 / 64)
				k++
			}
		}
		row[k] = 1
	}
	s.means(5)
	for y := range n {
		for x := range n {
			target, weight := 1.0, 1.0
			switch {
			case p.Free(x, y):
				if !again {
					continue
				}
				weight = 0.5
				if s.Modules.V[y*n+x] <= 0 {
					target = -1
				}
			case formatPlace(x, y, n):
				continue // format information is not known
			case !p.Dark(x, y):
				target = -1
			}
			features(x, y)
			for i := range taps {
				w := weight * row[i]
				for j := i; j < taps; j++ {
					a[i][j] += w * row[j]
				}
				a[i][maxTaps] += w * target
			}
		}
	}
	trace := 0.0
	for i := range taps - 1 {
		trace += a[i][i]
	}
	for i := range taps {
		for j := range i {
			a[i][j] = a[j][i]
		}
		a[i][i] += ridge*trace/float64(taps-1) + 1e-9
	}
	// Gauss without pivots: the matrix is positive definite.
	for i := range taps {
		for j := i + 1; j < taps; j++ {
			f := a[j][i] / a[i][i]
			if f == 0 {
				continue
			}
			for k := i; k < taps; k++ {
				a[j][k] -= f * a[i][k]
			}
			a[j][maxTaps] -= f * a[i][maxTaps]
		}
	}
	var filter [maxTaps]float64
	for i := taps - 1; i >= 0; i-- {
		v := a[i][maxTaps]
		for j := i + 1; j < taps; j++ {
			v -= a[i][j] * filter[j]
		}
		filter[i] = v / a[i][i]
	}
	for y := range n {
		for x := range n {
			features(x, y)
			v := 0.0
			for i := range taps {
				v += filter[i] * row[i]
			}
			s.Modules.V[y*n+x] = int16(min(max(512*v, -8000), 8000))
		}
	}
}
