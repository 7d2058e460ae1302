package player

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// roleVariable makes the test binary play another program: see roles.
const roleVariable = "TAPEDECK_TEST_ROLE"

// roles are the programs that the test binary can be when it is run again.
var roles = map[string]func(){
	"vlc":    fakeVLC,
	"parent": fakeParent,
}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		role()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeSamples()
		os.RemoveAll(binaryDir)
		os.Exit(code)
	}))
}
