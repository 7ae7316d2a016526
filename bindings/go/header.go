package taskstate

import (
	"net/http"
	"strings"
)

// Field is one header field of an answer. Since 0.1.
type Field struct{ Name, Value string }

// Header is the header fields of an answer, in order and each name once, spelled as net/http spells them ("Etag"). It is
// a slice, since an answer is given more often than its fields are looked up. Since 0.1.
type Header []Field

// Get returns the value of the field of this name, which may be spelled in any case (RFC 9110, section 5.1); "" if there
// is none. Since 0.1.
func (h Header) Get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// CopyTo sets the fields in header, in place of those of the same name. Since 0.1.
func (h Header) CopyTo(header http.Header) {
	values := make([]string, len(h))
	for i, field := range h {
		values[i] = field.Value
		header[field.Name] = values[i : i+1 : i+1]
	}
}
