package citycode

import "github.com/citizencode/citizencode/citycode/internal/rice"

// The coding of SPEC §7.3 stands by itself in package rice.
var (
	readChanges   = rice.Read
	encodeChanges = rice.Write
	errGaps       = rice.ErrGaps
)
