package degrade

import (
	"math"
	"math/rand/v2"
)

// blur is a Gaussian of this deviation in pixels: out of focus.
func (f plane) blur(sigma float64) {
	if sigma <= 0 {
		return
	}
	reach := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*reach+1)
	total := 0.0
	for i := range kernel {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += kernel[i]
	}
	across := make(plane, len(f))
	for y := range Height {
		for x := range Width {
			sum := 0.0
			for i, k := range kernel {
				sum += k * f[y*Width+min(max(x+i-reach, 0), Width-1)]
			}
			across[y*Width+x] = sum / total
		}
	}
	for y := range Height {
		row := f[y*Width : (y+1)*Width]
		clear(row)
		for i, k := range kernel {
			from := across[min(max(y+i-reach, 0), Height-1)*Width:]
			for x := range row {
				row[x] += k * from[x]
			}
		}
		for x := range row {
			row[x] /= total
		}
	}
}

// move is the mean along a line of this length in pixels: the hand moved.
func (f plane) move(length, angle float64) {
	steps := int(math.Ceil(length)) + 1
	if steps < 2 {
		return
	}
	sin, cos := math.Sincos(angle)
	from := append(plane(nil), f...)
	clear(f)
	for i := range steps {
		d := length * (float64(i)/float64(steps-1) - 0.5)
		dx, dy := int(math.Round(d*cos)), int(math.Round(d*sin))
		for y := range Height {
			line := from[min(max(y+dy, 0), Height-1)*Width:]
			for x := range Width {
				f[y*Width+x] += line[min(max(x+dx, 0), Width-1)] / float64(steps)
			}
		}
	}
}

// moire lays two wave patterns over the picture, a slow and a fast one, of this height in brightness.
func (f plane) moire(r *rand.Rand, height float64) {
	type wave struct{ kx, ky, phase, height float64 }
	waves := [3]wave{}
	for i, period := range [3]float64{9 + 20*r.Float64(), 3.2 + 3*r.Float64(), 2.1 + r.Float64()} {
		sin, cos := math.Sincos(math.Pi * r.Float64())
		waves[i] = wave{2 * math.Pi / period * cos, 2 * math.Pi / period * sin, 2 * math.Pi * r.Float64(), height * []float64{0.45, 0.3, 0.25}[i]}
	}
	for y := range Height {
		for x := range Width {
			v := 0.0
			for _, w := range waves {
				v += w.height * math.Sin(w.kx*float64(x)+w.ky*float64(y)+w.phase)
			}
			f[y*Width+x] += v
		}
	}
}

// luminance is the quantisation of JPEG's annex K, for quality 50.
var luminance = [64]float64{
	16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
}

// block rounds the cosine transform of every 8×8 block as JPEG does, with steps this many times coarser than at
// quality 50. The encoder of the standard library may change from one release to the next; this does not.
func (f plane) block(coarse float64) {
	var cosine [8][8]float64 // [frequency][place]
	for u := range 8 {
		scale := 0.5
		if u == 0 {
			scale = math.Sqrt(0.125)
		}
		for x := range 8 {
			cosine[u][x] = scale * math.Cos(math.Pi*float64(u)*(float64(x)+0.5)/8)
		}
	}
	var in, half, out [64]float64
	for by := 0; by < Height; by += 8 {
		for bx := 0; bx < Width; bx += 8 {
			for i := range in {
				in[i] = f[(by+i/8)*Width+bx+i%8] - 128
			}
			for i := range half {
				half[i] = 0
				for x := range 8 {
					half[i] += cosine[i%8][x] * in[i/8*8+x]
				}
			}
			for i := range out {
				sum := 0.0
				for y := range 8 {
					sum += cosine[i/8][y] * half[y*8+i%8]
				}
				step := math.Min(luminance[i]*coarse, 255)
				out[i] = step * math.Round(sum/step)
			}
			for i := range half {
				half[i] = 0
				for u := range 8 {
					half[i] += cosine[u][i%8] * out[i/8*8+u]
				}
			}
			for i := range in {
				sum := 128.0
				for v := range 8 {
					sum += cosine[v][i/8] * half[v*8+i%8]
				}
				f[(by+i/8)*Width+bx+i%8] = math.Min(math.Max(sum, 0), 255)
			}
		}
	}
}

// inside returns a place on the symbol, u and v from -0.5 to 0.5 of its side, in pixels.
func (p pose) inside(u, v, side float64) (float64, float64) {
	sin, cos := math.Sincos(p.angle)
	return Width/2 + p.x + side*(u*cos-v*sin), Height/2 + p.y + side*(u*sin+v*cos)
}

// cover lays a disc, a bar or a square of one brightness over a symbol of this side in pixels; share is the side of
// a square of about the same area, as a part of the symbol's.
func (f plane) cover(r *rand.Rand, p pose, side, share float64) {
	size := side * share
	x, y := p.inside(0.3*(r.Float64()-0.5), 0.3*(r.Float64()-0.5), side)
	shape, ink := r.IntN(3), []float64{10, 128, 245}[r.IntN(3)]
	sin, cos := math.Sincos(p.angle + 0.4*r.Float64())
	long := 0.5 * size
	short := 0.5 * size
	if shape == 1 {
		long, short = 0.85*size, 0.3*size
	}
	for j := range Height {
		for i := range Width {
			a, b := cos*(float64(i)-x)+sin*(float64(j)-y), cos*(float64(j)-y)-sin*(float64(i)-x)
			in := math.Abs(a) < long && math.Abs(b) < short
			if shape == 0 {
				in = a*a+b*b < size*size/math.Pi
			}
			if in {
				f[j*Width+i] = ink
			}
		}
	}
}

// light lets the light fall off across the frame and lays the edge of a hard shadow over the symbol; depth is the
// part of the light that is lost.
func (f plane) light(r *rand.Rand, p pose, depth float64) {
	sin, cos := math.Sincos(2 * math.Pi * r.Float64())
	shadowSin, shadowCos := math.Sincos(2 * math.Pi * r.Float64())
	shadow := 1 - 0.75*depth
	soft := 2 + 20*r.Float64()
	for y := range Height {
		for x := range Width {
			u, v := float64(x)-Width/2-p.x, float64(y)-Height/2-p.y
			lit := 1 - depth*math.Min(math.Max(0.5+(u*cos+v*sin)/350, 0), 1)
			edge := math.Min(math.Max(0.5+(u*shadowCos+v*shadowSin)/soft, 0), 1)
			f[y*Width+x] *= lit * (shadow + (1-shadow)*edge)
		}
	}
}

// glare lays two bright spots over a symbol of this side in pixels: white inside, fading outside. Their radius is this
// share of the side.
func (f plane) glare(r *rand.Rand, p pose, side, share float64) {
	radius := side * share
	for i := range 2 {
		x, y := p.inside(0.7*(r.Float64()-0.5), 0.7*(r.Float64()-0.5), side)
		sin, cos := math.Sincos(math.Pi * r.Float64())
		long, short := radius*(1+r.Float64()), radius*0.6/float64(1+i)
		for j := range Height {
			for k := range Width {
				a := (cos*(float64(k)-x) + sin*(float64(j)-y)) / long
				b := (cos*(float64(j)-y) - sin*(float64(k)-x)) / short
				d := a*a + b*b
				f[j*Width+k] += 600 * math.Exp(-1.5*d*d)
			}
		}
	}
	for i := range f {
		f[i] = math.Min(f[i], 255)
	}
}
