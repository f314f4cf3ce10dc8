package degrade

import (
	"math"
	"math/rand/v2"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// A plane is a picture while it is being made: brightness from 0 to 255, Width*Height values.
type plane []float64

// A pose is how the camera sees the flat symbol.
type pose struct {
	pixels     float64 // to a module, at the middle of the symbol
	angle      float64 // radians in the plane
	tilt, turn float64 // radians about the horizontal and the vertical axis
	x, y       float64 // where the middle of the symbol is, in pixels from the middle of the frame
}

const (
	focal = 800 // pixels; a field of view of 44 degrees
	quiet = 4   // modules of white paper around the symbol
	sub   = 3   // samples along each side of a pixel
)

// render draws the symbol on white paper on a grey desk. dark and light are the brightness of ink and paper.
func render(r *rand.Rand, s *matrix.Matrix, p pose, dark, light float64) plane {
	size := float64(s.Size())
	sinA, cosA := math.Sincos(p.angle)
	sinT, cosT := math.Sincos(p.tilt)
	sinU, cosU := math.Sincos(p.turn)
	// Columns: where one module right, one module down and the middle of the symbol lie in space, in pixels at
	// the distance of the image plane.
	rotate := func(x, y float64) (float64, float64, float64) {
		x, y = p.pixels*(cosA*x-sinA*y), p.pixels*(sinA*x+cosA*y)
		y, z := cosT*y, sinT*y
		x, z = cosU*x+sinU*z, cosU*z-sinU*x
		return x, y, z
	}
	ux, uy, uz := rotate(1, 0)
	vx, vy, vz := rotate(0, 1)
	h := [9]float64{
		focal*ux + p.x*uz, focal*vx + p.x*vz, focal * p.x,
		focal*uy + p.y*uz, focal*vy + p.y*vz, focal * p.y,
		uz, vz, focal,
	}
	inv := inverse(h)
	desk, grain := 60+120*r.Float64(), 2*math.Pi*r.Float64()
	out := make(plane, Width*Height)
	for y := range Height {
		for x := range Width {
			sum := 0.0
			for k := range sub * sub {
				px := float64(x) + (float64(k%sub)+0.5)/sub - Width/2
				py := float64(y) + (float64(k/sub)+0.5)/sub - Height/2
				w := inv[6]*px + inv[7]*py + inv[8]
				a := (inv[0]*px+inv[1]*py+inv[2])/w + size/2
				b := (inv[3]*px+inv[4]*py+inv[5])/w + size/2
				switch {
				case a < -quiet || b < -quiet || a >= size+quiet || b >= size+quiet:
					sum += desk + 12*math.Sin(px*0.05+py*0.021+grain)
				case a >= 0 && b >= 0 && s.At(int(a), int(b)):
					sum += dark
				default:
					sum += light
				}
			}
			out[y*Width+x] = sum / (sub * sub)
		}
	}
	return out
}

// inverse returns the inverse of a 3×3 matrix up to a factor.
func inverse(m [9]float64) [9]float64 {
	return [9]float64{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
}

// spoil draws the symbol and spoils it; how goes from 0, mild, to 1, hard.
func spoil(r *rand.Rand, kind Kind, how float64, s *matrix.Matrix) []byte {
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	span := float64(s.Size() + 2*quiet)
	fit := 440 / span // pixels to a module that fill the frame
	p := pose{pixels: math.Min(between(3.2, 6), fit), angle: between(-0.25, 0.25)}
	dark, light := between(15, 45), between(200, 240)
	switch kind {
	case Small:
		p.pixels, p.angle = 3.2-1.3*how, 0
		dark, light = 0, 255
	case Rotation:
		p.angle = between(0, 2*math.Pi)
		p.pixels = math.Min(5-2.4*how, fit)
	case Perspective:
		p.tilt, p.turn = (0.2+0.65*how)*sign(r), between(-0.3, 0.3)
		if r.IntN(2) == 0 {
			p.tilt, p.turn = p.turn, p.tilt
		}
		p.pixels = math.Min(between(4.5, 7), 0.95*fit)
	case Occlusion, Glare:
		p.pixels = math.Min(between(4, 7), fit)
	case Gate:
		p.pixels = math.Min(between(2.6, 4.5), fit)
		p.angle = between(-0.5, 0.5)
		p.tilt, p.turn = 0.35*how*sign(r), 0.35*how*sign(r)
		light = between(120, 230)
		dark = light * between(0.1, 0.45)
	case Contrast:
		middle := between(70, 180)
		half := 30 - 24*how
		dark, light = middle-half, middle+half
	case Inverted:
		dark, light = light, dark
	}
	margin := 0.5 * p.pixels * span * (math.Abs(math.Sin(p.angle)) + math.Abs(math.Cos(p.angle)))
	p.x = between(-1, 1) * math.Max(0, Width/2-margin)
	p.y = between(-1, 1) * math.Max(0, Height/2-margin)
	f := render(r, s, p, dark, light)
	side := p.pixels * float64(s.Size())
	noise := 2.0
	switch kind {
	case Small:
		noise = 0
	case Focus:
		f.blur((0.2 + 0.38*how) * p.pixels)
	case Motion:
		f.move((0.5+1.1*how)*p.pixels, between(0, math.Pi))
	case Noise:
		noise = 12 + 42*how
	case Contrast:
		f.blur(0.5)
	case Moire:
		f.moire(r, 30+95*how)
	case JPEG:
		f.blur(0.6)
		f.block(2.5 + 9*how)
	case Occlusion:
		f.cover(r, p, side, 0.12+0.2*how)
	case Light:
		f.light(r, p, 0.35+0.6*how)
	case Glare:
		f.glare(r, p, side, 0.05+0.15*how)
	case Gate:
		f.blur((0.15 + 0.22*how) * p.pixels)
		f.move(0.6*how*p.pixels, between(0, math.Pi))
		f.light(r, p, 0.5*how)
		f.moire(r, 25*how)
		noise = 3 + 9*how
	}
	return f.pixels(r, noise)
}

func sign(r *rand.Rand) float64 { return float64(1 - 2*r.IntN(2)) }

// pixels adds the noise of a sensor and rounds.
func (f plane) pixels(r *rand.Rand, deviation float64) []byte {
	out := make([]byte, len(f))
	for i, v := range f {
		if deviation > 0 {
			v += deviation * r.NormFloat64()
		}
		out[i] = byte(math.Min(math.Max(v+0.5, 0), 255))
	}
	return out
}
