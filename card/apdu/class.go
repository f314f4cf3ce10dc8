package apdu

// The bits of a class byte of the first interindustry values (ISO/IEC 7816-4 §5.4.1), which the proprietary classes
// 80..9F of payment and transit cards use alike.
const (
	ClassProprietary = 0x80
	ClassChained     = 0x10 // more of this command follows
)

// A Secured says how a class byte announces secure messaging (ISO/IEC 7816-4 §5.4.1).
type Secured byte

// The indications of bits 4 and 3.
const (
	SecuredNot            Secured = 0x00
	SecuredProprietary    Secured = 0x04 // the PBOC MAC mode
	SecuredHeaderApart    Secured = 0x08 // ISO format, header not authenticated
	SecuredHeaderIncluded Secured = 0x0C // ISO format, header authenticated
)

// A Class is a class byte (类别字节), taken apart.
type Class struct {
	Proprietary bool
	Chained     bool
	Secured     Secured
	Channel     int // 0..19
}

// ParseClass takes a class byte apart, before anything looks at a single bit of it. FF, which is no class byte at all,
// 20..3F and A0..FE, which belong to others, are refused with ClassNotSupported: a card that asks for bit 5 first takes
// FF for a chained command.
func ParseClass(cla byte) (Class, error) {
	switch {
	case cla < 0x20, cla >= 0x80 && cla < 0xA0:
		return Class{
			Proprietary: cla&ClassProprietary != 0,
			Chained:     cla&ClassChained != 0,
			Secured:     Secured(cla & 0x0C),
			Channel:     int(cla & 0x03),
		}, nil
	case cla >= 0x40 && cla < 0x80: // further interindustry values, §5.4.1 table 3
		c := Class{Chained: cla&ClassChained != 0, Channel: 4 + int(cla&0x0F)}
		if cla&0x20 != 0 {
			c.Secured = SecuredHeaderApart
		}
		return c, nil
	}
	return Class{}, ClassNotSupported
}
