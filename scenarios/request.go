package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxParams is how long the parameters of a visit may be, in bytes.
const MaxParams = 16 << 10

// A RequestError says that a terminal asked for what a scenario does not know:
// an action that is not in its list, or a wrong parameter. It is a fault of the
// terminal's program and says nothing about the citizen, so it is an error and
// not a Decision.
type RequestError struct {
	Path string // "action", or a place in the parameters, as in params.stay.bays[2]
	Err  error
}

// Error names the place first. It quotes names, never values: a value may be a
// number plate.
func (e *RequestError) Error() string { return "scenarios: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the detail.
func (e *RequestError) Unwrap() error { return e.Err }

// UnknownAction returns the error for an action that is not one of known.
func UnknownAction(action string, known ...string) error {
	return &RequestError{"action", fmt.Errorf("%q is none of %s", shortened(action), strings.Join(known, ", "))}
}

// ReadParams decodes the parameters of a visit into a pointer to a struct, as
// [ReadStrict] does. Absent parameters are those of {}.
func ReadParams(raw json.RawMessage, into any) error {
	if len(bytes.Trim(raw, whiteSpace)) == 0 {
		return nil
	}
	return ReadStrict("params", raw, MaxParams, into)
}

const whiteSpace = " \t\r\n" // of JSON, and no other

// ReadStrict decodes a JSON object of at most limit bytes into a pointer to a
// struct. It is strict, because a field that is silently dropped is a decision
// about another question: no unknown name, no name twice, no other spelling of
// a name, nothing behind the end. An error is a *RequestError with the path of
// what is wrong, which begins with root.
func ReadStrict(root string, raw []byte, limit int, into any) error {
	fail := func(text string) error { return &RequestError{root, errors.New(text)} }
	raw = bytes.Trim(raw, whiteSpace)
	switch {
	case len(raw) > limit:
		return fail(fmt.Sprintf("longer than %d bytes", limit))
	case !json.Valid(raw) || !utf8.Valid(raw):
		return fail("not valid JSON")
	case raw[0] != '{':
		return fail("not an object")
	}
	if err := checkNames(json.NewDecoder(bytes.NewReader(raw)), reflect.TypeOf(into), root); err != nil {
		return err
	}
	err := json.Unmarshal(raw, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		path, _ := pathAt(json.NewDecoder(bytes.NewReader(raw)), wrong.Offset, root)
		return &RequestError{path, fmt.Errorf("%s where %s belongs", wrong.Value, wrong.Type)}
	default:
		return fail("a value is not of its type")
	}
}

// checkNames reads one JSON value, known to be valid, and compares its names
// with those of t. A nil t knows no names and allows all of them.
func checkNames(d *json.Decoder, t reflect.Type, path string) error {
	token, err := d.Token()
	if err != nil {
		return &RequestError{path, err}
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token {
	case json.Delim('{'):
		seen := make(map[string]bool)
		for d.More() {
			token, _ := d.Token()
			name, _ := token.(string)
			at := path + "." + shortened(name)
			if seen[name] {
				return &RequestError{at, errors.New("stands twice")}
			}
			seen[name] = true
			field, known := typeOfName(t, name)
			if !known {
				return &RequestError{at, errors.New("unknown parameter")}
			}
			if err := checkNames(d, field, at); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := checkNames(d, typeOfElement(t), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.Token() // the closing bracket
	return err
}

// pathAt reads one JSON value, known to be valid, up to an offset in bytes, and
// returns the path of the value that ends or opens there. The path that
// encoding/json gives leaves out the keys of maps and the places in lists.
func pathAt(d *json.Decoder, offset int64, path string) (at string, found bool) {
	token, err := d.Token()
	if err != nil || d.InputOffset() >= offset {
		return path, true
	}
	if token != json.Delim('{') && token != json.Delim('[') {
		return "", false
	}
	for i := 0; d.More(); i++ {
		inner := fmt.Sprintf("%s[%d]", path, i)
		if token == json.Delim('{') {
			token, _ := d.Token()
			name, _ := token.(string)
			inner = path + "." + shortened(name)
		}
		if at, found := pathAt(d, offset, inner); found {
			return at, true
		}
	}
	_, err = d.Token() // the closing bracket
	return path, err != nil || d.InputOffset() >= offset
}

// typeOfName returns the type of what stands under a name in a value of t.
func typeOfName(t reflect.Type, name string) (field reflect.Type, known bool) {
	switch {
	case t == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return nil, true
	case t.Kind() == reflect.Map:
		return t.Elem(), true
	case t.Kind() != reflect.Struct:
		return nil, true // an object where none belongs: Unmarshal says so
	}
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "" {
			tag = f.Name
		}
		if f.IsExported() && !f.Anonymous && tag != "-" && tag == name {
			return f.Type, true
		}
	}
	return nil, false
}

func typeOfElement(t reflect.Type) reflect.Type {
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		return t.Elem()
	}
	return nil
}

// shortened keeps what a stranger sent from filling a log line.
func shortened(name string) string {
	const limit = 40
	if len(name) > limit {
		name = strings.ToValidUTF8(name[:limit], "") + "…"
	}
	return name
}
