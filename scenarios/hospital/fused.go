package hospital

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

// decodedFor says for what the medical code in front is decoded at each action.
var decodedFor = map[string]ecquery.Business{
	CheckIn: ecquery.Registration,
	Next:    ecquery.Consultation,
	Agree:   ecquery.Settlement,
	Leave:   ecquery.Settlement,
}

// servedFor says the same of the stations.
var servedFor = map[Station]ecquery.Business{
	Consult:   ecquery.Consultation,
	Lab:       ecquery.Examination,
	Imaging:   ecquery.Examination,
	Treatment: ecquery.Treatment,
	Pharmacy:  ecquery.Dispensing,
}

// decodeFused asks the insurance whom the medical code in front of a fused code
// means, and refuses when it is not the patient of the code behind (SPEC §10). For
// any other code it does nothing.
//
// The signature of the code behind covers the text in front (citycode SPEC §9.2),
// so nobody can swap the two on the way. But who owns the phone can sign whatever
// text he has seen on somebody else's: only the insurance and the hospital's
// record together tell that the two mean one person.
func (s *Scenario) decodeFused(ctx context.Context, v *scenarios.Visit, at Station, p *Patient) (*scenarios.Decision, error) {
	if v.Citizen.Profile() != citycode.ProfileFused {
		return nil, nil
	}
	if p.Insured == "" {
		return refuse(NotInsuredHere), nil
	}
	code, err := ecquery.ParseCode(v.Citizen.PartnerCode(), s.medicalCodes.Size())
	if err != nil {
		return refuseMedical(err)
	}
	// The visit handed over again after a fault is the same decode. The text is
	// part of it, so that a centre has no answer to another text under the number.
	number := sha256.Sum256([]byte("citizencode ec.query " + s.id + " " + v.Key + " " + v.Citizen.PartnerCode()))
	business := decodedFor[v.Action]
	if v.Action == Serve {
		business = servedFor[at]
	}
	answer, err := s.medicalCodes.Decode(ctx, code, business, hex.EncodeToString(number[:16]))
	switch {
	case err != nil:
		return refuseMedical(err)
	case answer.Index() != p.Insured:
		return refuse(MedicalCodeOther), nil
	}
	return nil, nil
}

// refuseMedical is what a patient is told of a code that was not decoded. That the
// insurance is out of reach is a fault of nobody here, and no verdict on the
// code: the desk goes on with another document.
func refuseMedical(err error) (*scenarios.Decision, error) {
	var refused *ecquery.Error
	if !errors.As(err, &refused) {
		return nil, err
	}
	return scenarios.Refused(string(refused.Reason), refused.Reason.Text()), nil
}
