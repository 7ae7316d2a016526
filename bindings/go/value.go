package taskstate

import "time"

// The times that RFC 3339 can spell, in microseconds; beyond them time.Time.UnixMicro may wrap around.
const (
	minMicros = -62167219200000000
	maxMicros = 253402300799999999
)

// micros returns a time as the library counts it, clamped to years 0000 to 9999.
func micros(t time.Time) int64 {
	switch utc := t.UTC(); {
	case utc.Year() < 0:
		return minMicros
	case utc.Year() > 9999:
		return maxMicros
	}
	return t.UnixMicro()
}
