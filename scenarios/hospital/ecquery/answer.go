package ecquery

import "log/slog"

// An Answer is whom a code means, as the centre said to one place for one
// business. Only [Client.Decode] makes one, and it prints nothing of the person.
type Answer struct {
	place    Place
	business Business
	data     answerData
}

// Index names the person at the insurance (ecIndexNo): always the same, and no
// number of a document.
func (a *Answer) Index() string { return a.data.Index }

// Insurer returns the region that insures the person (insuOrg); it may be empty.
func (a *Answer) Insurer() string { return a.data.Insurer }

// Identity is what a desk that opens a record needs. Every field is the centre's.
type Identity struct {
	Name        string
	IDType      string // as the province codes it; 01 is the resident identity card
	IDNumber    string
	Gender      string
	Birthday    string
	Nationality string
}

// Identity returns who the person is, to the place and for the business that the
// code was decoded for; the error is an *Error with WrongPurpose. A pharmacy that
// sells a drug has no use for a number that the registration had.
func (a *Answer) Identity(at Place, b Business) (Identity, error) {
	if err := a.serves(at, b); err != nil {
		return Identity{}, err
	}
	d := a.data
	return Identity{d.Name, d.IDType, d.IDNumber, d.Gender, d.Birthday, d.Nationality}, nil
}

// Token returns the authorisation (ecToken) that settlement presents as
// mdtrt_cert_no of type 01, to the place and for the business that the code was
// decoded for; the error is an *Error with WrongPurpose.
func (a *Answer) Token(at Place, b Business) (string, error) {
	if err := a.serves(at, b); err != nil {
		return "", err
	}
	return a.data.Token, nil
}

func (a *Answer) serves(at Place, b Business) error {
	if at != a.place || b != a.business {
		return refuse(WrongPurpose, "")
	}
	return nil
}

// String says that there is one.
func (*Answer) String() string { return "decoded medical code" }

// GoString hides the person too.
func (*Answer) GoString() string { return "&ecquery.Answer{}" }

// LogValue hides it too.
func (a *Answer) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalJSON hides it too.
func (a *Answer) MarshalJSON() ([]byte, error) { return []byte(`"` + a.String() + `"`), nil }
