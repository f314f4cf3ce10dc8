package scanner

import "strings"

// strayDigits is how many digits in a row no field holds for another reason: numbers of persons, cards and parcels are below
// half of it, and the shortest code has three times as many.
const strayDigits = 64

// Stray reports whether the content of a form's field holds what a scanner has typed into it by mistake, or a good part
// of that, under any keyboard layout. Such a field is to be emptied and never stored: a citizen's code in a name is
// his journey in a list of names.
func Stray(field string) bool {
	if len(field) > MaxScan {
		field = field[:MaxScan] // what begins later is not seen; no field is as long
	}
	if len(field) < strayDigits {
		return false
	}
	for i := range tables() {
		t := &tables()[i]
		run := 0
		for _, r := range field {
			if !digit(t.us[r]) {
				run = 0
			} else if run++; run == strayDigits {
				return true
			}
		}
	}
	base45 := strings.Index(strings.ToUpper(field), "CC1:")
	return base45 >= 0 && len(field)-base45 >= strayDigits
}
