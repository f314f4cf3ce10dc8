package vectors_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A schema checks JSON values against a JSON Schema of draft 2020-12: exactly the keywords that the schemas
// here use. A keyword that it does not know is an error, because a check that is skipped looks like one that
// was passed.
type schema struct {
	root     map[string]any
	patterns map[string]*regexp.Regexp
}

func newSchema(root map[string]any) *schema { return &schema{root, map[string]*regexp.Regexp{}} }

func (s *schema) pattern(text string) *regexp.Regexp {
	if s.patterns[text] == nil {
		s.patterns[text] = regexp.MustCompile(text)
	}
	return s.patterns[text]
}

// check returns the first thing that is wrong with a value, or "".
func (s *schema) check(rules map[string]any, path string, v any) string {
	fail := func(format string, args ...any) string { return path + ": " + fmt.Sprintf(format, args...) }
	for keyword, rule := range rules {
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description", "properties":
			// properties are looked at under additionalProperties, which stands beside them always.
		case "$ref":
			name, ok := strings.CutPrefix(rule.(string), "#/$defs/")
			def, known := s.root["$defs"].(map[string]any)[name].(map[string]any)
			if !ok || !known {
				return fail("no %s in the schema", rule)
			}
			if wrong := s.check(def, path, v); wrong != "" {
				return wrong
			}
		case "type":
			if typeOf(v) != rule {
				return fail("%s, not %s", typeOf(v), rule)
			}
		case "const":
			if !reflect.DeepEqual(v, rule) {
				return fail("%v, not %v", v, rule)
			}
		case "enum":
			if !slices.ContainsFunc(rule.([]any), func(r any) bool { return reflect.DeepEqual(v, r) }) {
				return fail("%v is not one of %v", v, rule)
			}
		case "pattern":
			if text, ok := v.(string); ok && !s.pattern(rule.(string)).MatchString(text) {
				return fail("%.80q does not match %s", text, rule)
			}
		case "minimum", "maximum":
			n, ok := v.(float64)
			if ok && (keyword == "minimum" && n < rule.(float64) || keyword == "maximum" && n > rule.(float64)) {
				return fail("%v is beyond the %s of %v", n, keyword, rule)
			}
		case "minItems":
			if list, ok := v.([]any); ok && len(list) < int(rule.(float64)) {
				return fail("%d items", len(list))
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				if wrong := s.check(rule.(map[string]any), fmt.Sprintf("%s[%d]", path, i), item); wrong != "" {
					return wrong
				}
			}
		case "required":
			for _, name := range rule.([]any) {
				if object, ok := v.(map[string]any); ok && object[name.(string)] == nil {
					return fail("no %s", name)
				}
			}
		case "additionalProperties":
			if wrong := s.checkMembers(rules, path, v); wrong != "" {
				return wrong
			}
		case "oneOf":
			if wrong := s.checkOneOf(rule.([]any), path, v); wrong != "" {
				return wrong
			}
		default:
			return fail("keyword %q of the schema is not known here", keyword)
		}
	}
	return ""
}

func (s *schema) checkMembers(rules map[string]any, path string, v any) string {
	object, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	properties, _ := rules["properties"].(map[string]any)
	others, open := rules["additionalProperties"].(map[string]any)
	for name, member := range object {
		rule, known := properties[name].(map[string]any)
		switch {
		case known:
		case open:
			rule = others
		default:
			return fmt.Sprintf("%s: %s is not allowed", path, name)
		}
		if wrong := s.check(rule, path+"."+name, member); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (s *schema) checkOneOf(choices []any, path string, v any) string {
	var wrongs []string
	for _, c := range choices {
		if wrong := s.check(c.(map[string]any), path, v); wrong != "" {
			wrongs = append(wrongs, wrong)
		}
	}
	if len(wrongs) == len(choices)-1 {
		return ""
	}
	return fmt.Sprintf("%s: %d of %d choices fit: %s", path, len(choices)-len(wrongs), len(choices), strings.Join(wrongs, "; "))
}

func typeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

// closed returns the paths of the objects of a schema that let unknown members in: a vector with a mistyped
// name must fail.
func closed(path string, v any, report func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" && v["properties"] != nil && v["additionalProperties"] != false {
			report(path)
		}
		for name, member := range v {
			closed(path+"/"+name, member, report)
		}
	case []any:
		for i, item := range v {
			closed(fmt.Sprintf("%s/%d", path, i), item, report)
		}
	}
}

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

func readSchema(t *testing.T, name string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("schema/" + name + ".json")
	require.NoError(t, err)
	return decode(t, raw)
}

func TestSchemas(t *testing.T) {
	for _, name := range names {
		root := readSchema(t, name)
		assert.Equal(t, "https://json-schema.org/draft/2020-12/schema", root["$schema"])
		closed(name, root, func(path string) { t.Errorf("%s lets unknown members in", path) })
		assert.Empty(t, newSchema(root).check(root, name, decode(t, read(t, name))))
	}
	files, err := os.ReadDir("v1")
	require.NoError(t, err)
	assert.Len(t, files, len(names)+1, "a file of v1 that nobody reads")
}

// TestSchemasRefuse checks that the schemas, and the checker of them, find what is wrong with a vector.
func TestSchemasRefuse(t *testing.T) {
	root := readSchema(t, "token_verify")
	var good json.RawMessage
	every(t, "token_verify", func(c common, test json.RawMessage) {
		if c.Result == "invalid" {
			good = test
		}
	})
	check := func(test map[string]any) string {
		return newSchema(root).check(map[string]any{"$ref": "#/$defs/invalid"}, "", test)
	}
	assert.Empty(t, check(decode(t, good)))
	for what, spoil := range map[string]func(test map[string]any){
		"unknown member":    func(m map[string]any) { m["expected"] = "valid" },
		"acceptable":        func(m map[string]any) { m["result"] = "acceptable" },
		"no reason":         func(m map[string]any) { delete(m, "reason") },
		"unknown reason":    func(m map[string]any) { m["reason"] = "invalid" },
		"upper-case digits": func(m map[string]any) { m["token"] = "AB" },
		"half a byte":       func(m map[string]any) { m["token"] = "abc" },
		"wrong type":        func(m map[string]any) { m["number"] = "10" },
		"fraction":          func(m map[string]any) { m["number"] = 10.5 },
		"too high":          func(m map[string]any) { m["number"] = 1000.0 },
		"no flag":           func(m map[string]any) { m["flags"] = []any{} },
		"wrong id":          func(m map[string]any) { m["id"] = "tp-0001" },
		"null":              func(m map[string]any) { m["terminal"] = nil },
		"bad change":        func(m map[string]any) { m["terminal"] = map[string]any{"time": 1.0} },
	} {
		test := decode(t, good)
		spoil(test)
		assert.NotEmpty(t, check(test), what)
	}
	root["$defs"].(map[string]any)["hex"].(map[string]any)["maxLength"] = 4.0
	assert.Contains(t, check(decode(t, good)), "not known")
}
