package taskstate

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Link is a link of RFC 7033, section 4.4.4. Since 0.1.
type Link struct {
	Href string `json:"href"` // required; an absolute path, an http or https URL, or a #fragment
	Rel  string `json:"rel"`  // required; "result" is where the completed task leads

	// Properties is a JSON object. Its text is kept: numbers stay as they were spelled, members in their order.
	Properties json.RawMessage   `json:"properties,omitempty"`
	Titles     map[string]string `json:"titles,omitempty"` // BCP 47 language tag to title; written sorted by tag
	Type       string            `json:"type,omitempty"`   // a media type
}

// Property reads one member of Properties into v as [json.Unmarshal] does, and reports whether there is such a
// member. Since 0.1.
func (l Link) Property(name string, v any) (bool, error) {
	if len(l.Properties) == 0 {
		return false, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(l.Properties, &members); err != nil {
		return false, fmt.Errorf("taskstate: link properties: %w", err)
	}
	text, ok := members[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(text, v)
}

// Warning tells the client about a task's outcome without making it a failure. Every field is required. Since 0.1.
type Warning struct {
	Code      string          `json:"code"` // one of the API's nine, such as "validation_error"
	Details   []WarningDetail `json:"details"`
	Message   string          `json:"message"`
	Path      string          `json:"path"`
	RequestID string          `json:"request_id"` // a UUID
	Status    int             `json:"status"`     // 0-999
	Timestamp time.Time       `json:"timestamp"`
}

// WarningDetail is one part of a warning. Since 0.1.
type WarningDetail struct {
	Code    string `json:"code"`
	Field   string `json:"field"` // a path into the request's body
	Message string `json:"message"`
}

// encoding/json would replace what is not UTF-8 instead of letting the library refuse it, so the text is made here.

func renderLinks(links []Link) string {
	if len(links) == 0 {
		return ""
	}
	var out strings.Builder
	for i, link := range links {
		out.WriteString(opening(i))
		out.WriteString(`{"href":`)
		writeString(&out, link.Href)
		out.WriteString(`,"rel":`)
		writeString(&out, link.Rel)
		if len(link.Properties) > 0 {
			out.WriteString(`,"properties":`)
			out.Write(link.Properties)
		}
		if len(link.Titles) > 0 {
			writeTitles(&out, link.Titles)
		}
		if link.Type != "" {
			out.WriteString(`,"type":`)
			writeString(&out, link.Type)
		}
		out.WriteByte('}')
	}
	out.WriteByte(']')
	return out.String()
}

func writeTitles(out *strings.Builder, titles map[string]string) {
	tags := make([]string, 0, len(titles))
	for tag := range titles {
		tags = append(tags, tag)
	}
	sort.Strings(tags)
	out.WriteString(`,"titles":{`)
	for i, tag := range tags {
		if i > 0 {
			out.WriteByte(',')
		}
		writeString(out, tag)
		out.WriteByte(':')
		writeString(out, titles[tag])
	}
	out.WriteByte('}')
}

func renderLink(link Link) string {
	list := renderLinks([]Link{link})
	return list[1 : len(list)-1]
}

func renderWarnings(warnings []Warning) string {
	if len(warnings) == 0 {
		return ""
	}
	var out strings.Builder
	for i, warning := range warnings {
		out.WriteString(opening(i))
		out.WriteString(`{"code":`)
		writeString(&out, warning.Code)
		out.WriteString(`,"details":[`)
		for j, detail := range warning.Details {
			if j > 0 {
				out.WriteByte(',')
			}
			writeMembers(&out, `{"code":`, detail.Code, `,"field":`, detail.Field, `,"message":`, detail.Message)
			out.WriteByte('}')
		}
		writeMembers(&out, `],"message":`, warning.Message, `,"path":`, warning.Path, `,"request_id":`, warning.RequestID)
		out.WriteString(`,"status":` + strconv.Itoa(warning.Status))
		// A time that was never set is left out, so that it is refused as missing and not stored as year 1.
		if !warning.Timestamp.IsZero() {
			writeMembers(&out, `,"timestamp":`, warning.Timestamp.UTC().Format(time.RFC3339Nano))
		}
		out.WriteByte('}')
	}
	out.WriteByte(']')
	return out.String()
}

func opening(index int) string {
	if index == 0 {
		return "["
	}
	return ","
}

func writeMembers(out *strings.Builder, namesAndValues ...string) {
	for i := 0; i < len(namesAndValues); i += 2 {
		out.WriteString(namesAndValues[i])
		writeString(out, namesAndValues[i+1])
	}
}

func writeString(out *strings.Builder, text string) {
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < 0x20:
			fmt.Fprintf(out, `\u%04x`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
}
