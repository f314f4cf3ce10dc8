package tariff

import "github.com/citizencode/citizencode/scenarios/parking/plate"

// A Class is the class of a vehicle as far as fees go.
type Class string

// The classes.
const (
	Small          Class = "small"            // up to nine seats, the blue plate
	Large          Class = "large"            // the yellow plate
	NewEnergy      Class = "new-energy"       // 新能源, the small green plate (绿牌)
	NewEnergyLarge Class = "new-energy-large" // the large green plate
	Disabled       Class = "disabled"         // with a permit
	Motorcycle     Class = "motorcycle"
	Emergency      Class = "emergency" // on duty: free by law, in every tariff
)

// ClassOf returns the class that a plate alone gives away, and whether it does: a
// green plate and one of the police or the fire service do. Whether a blue or a
// yellow one is small or large the camera knows by its colour; an ambulance and
// a permit are in registers.
func ClassOf(p plate.Plate) (c Class, known bool) {
	switch p.Kind() {
	case plate.NewEnergySmall:
		return NewEnergy, true
	case plate.NewEnergyLarge:
		return NewEnergyLarge, true
	case plate.Police, plate.Rescue:
		return Emergency, true
	}
	return "", false
}
