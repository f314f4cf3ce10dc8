package citycode_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

func TestScenes(t *testing.T) {
	for v := 0; v < 1<<16; v += 37 {
		s := citycode.Scenes(v)
		back, err := citycode.ParseScenes(s.String())
		require.NoError(t, err, s.String())
		require.Equal(t, s, back)
	}
	assert.Equal(t, "none", citycode.Scenes(0).String())
	assert.Equal(t, "transit|parking|bit15", (citycode.Transit | citycode.Parking | 0x8000).String())
	for _, text := range []string{"", "|", "transit|", "|transit", "Transit", "bit0", "bit16", "transit,parking", "none|transit", " transit", "transit "} {
		_, err := citycode.ParseScenes(text)
		assert.Error(t, err, "%q", text)
	}
	names := []string{"transit", "medical", "parking", "tourism", "lodging", "library", "payment", "affairs", "care", "bit9", "bit10", "bit11", "bit12", "bit13", "bit14", "bit15"}
	for i, name := range names {
		assert.Equal(t, name, citycode.Scenes(1<<i).String())
	}
}
