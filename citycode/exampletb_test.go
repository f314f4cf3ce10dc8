package citycode_test

import (
	"fmt"
	"log"
	"testing"
)

// An exampleTB lets an example build a test city.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { log.Print(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { log.Fatal("the example's city could not be built") }
