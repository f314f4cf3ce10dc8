package app

// PublicInfoSize is the size of SFIPublic in bytes.
const PublicInfoSize = 30

// A PublicInfo is the public application information (公共应用信息) of SFI 15, in the layout that transit cards share
// (JT/T 978, CJ/T 166). The fields are as they stand on the card, BCD where they are numbers.
type PublicInfo struct {
	Issuer     [8]byte  // issuer's code; city at [2:4]
	Type       byte     // of the application
	Version    byte     // of the application
	CardNumber [10]byte // BCD, zeros in front
	ValidFrom  [4]byte  // BCD YYYYMMDD
	ValidTo    [4]byte  // BCD YYYYMMDD
	FCIData    [2]byte  // issuer's own
}

// Bytes writes the file.
func (p PublicInfo) Bytes() []byte {
	b := append(make([]byte, 0, PublicInfoSize), p.Issuer[:]...)
	b = append(b, p.Type, p.Version)
	b = append(b, p.CardNumber[:]...)
	b = append(b, p.ValidFrom[:]...)
	b = append(b, p.ValidTo[:]...)
	return append(b, p.FCIData[:]...)
}

// ParsePublicInfo reads the file. The error is a *LengthError.
func ParsePublicInfo(b []byte) (p PublicInfo, err error) {
	if len(b) != PublicInfoSize {
		return p, &LengthError{"public information", len(b), PublicInfoSize}
	}
	return PublicInfo{[8]byte(b), b[8], b[9], [10]byte(b[10:]), [4]byte(b[20:]), [4]byte(b[24:]), [2]byte(b[28:])}, nil
}
