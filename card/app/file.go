package app

// A SFI is a short file identifier (短文件标识符), 1 to 30.
type SFI byte

// The files of the application (SPEC §1.3).
const (
	SFICredential SFI = 0x01 // the credential, the bytes of citycode
	SFICategory   SFI = 0x05 // category and benefits, for terminals that read no credential
	SFIPerson     SFI = 0x06 // name, guardian: for a hospital
	SFIPublic     SFI = 0x15 // PublicInfo
	SFIPurseLog   SFI = 0x18 // the purse's log
	SFIGateLog    SFI = 0x1E // the gates' log
)

// An Access is what must have happened since SELECT before a file may be read or written (访问条件).
type Access byte

// The access rules.
const (
	Free        Access = iota
	Never              // not by any command
	PIN                // VERIFY
	Gate               // EXTERNAL AUTHENTICATE with KeyGate
	Hospital           // EXTERNAL AUTHENTICATE with KeyHospital
	Maintenance        // secure messaging with KeyMaintenance
	FreeOrPIN          // PIN if the issuer chose so at CREATE, else free
)

// A Structure is how a file is organised.
type Structure byte

// The structures.
const (
	Transparent Structure = iota // bytes
	Cyclic                       // records of one size; number 1 is the newest
)

// A File is a line of the table in SPEC §1.3.
type File struct {
	SFI       SFI
	FID       uint16
	Structure Structure
	Size      int // bytes, or bytes of a record
	Records   int // that can be read, of a cyclic file
	Read      Access
	Write     Access // after personalisation
	Encrypted bool   // what is read travels under secure messaging with encryption
}

// The sizes of the files in bytes and records.
const (
	MaxCredential   = 250
	CategorySize    = 32
	PersonSize      = 116
	PurseLogRecords = 10
	GateRecordSize  = 48
	GateLogRecords  = 30
)

// Files returns the table of SPEC §1.3, in the order of the SFIs.
func Files() []File {
	return []File{
		{SFI: SFICredential, FID: 0xEF01, Size: MaxCredential, Read: Free, Write: Maintenance},
		{SFI: SFICategory, FID: 0xEF05, Size: CategorySize, Read: Free, Write: Maintenance},
		{SFI: SFIPerson, FID: 0xEF06, Size: PersonSize, Read: Hospital, Write: Maintenance, Encrypted: true},
		{SFI: SFIPublic, FID: 0xEF15, Size: PublicInfoSize, Read: Free, Write: Maintenance},
		{SFI: SFIPurseLog, FID: 0xEF18, Structure: Cyclic, Size: 23, Records: PurseLogRecords, Read: FreeOrPIN, Write: Never},
		{SFI: SFIGateLog, FID: 0xEF1E, Structure: Cyclic, Size: GateRecordSize, Records: GateLogRecords, Read: Gate, Write: Gate},
	}
}

// FindFile returns the line of a file.
func FindFile(s SFI) (File, bool) {
	for _, f := range Files() {
		if f.SFI == s {
			return f, true
		}
	}
	return File{}, false
}
