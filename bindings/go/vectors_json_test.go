//go:build cgo

package taskstate_test

import (
	"encoding/json"
	"net/http"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// The vectors' JSON, and what the API takes made of it.

type vectorCase struct {
	Name    string
	Options vectorOptions
	Steps   []vectorStep
}

type vectorOptions struct {
	Location           *string
	StatusURL          *string `json:"status_url"`
	Completed          string
	RetryAfter         []int64 `json:"retry_after"`
	IgnoreBadRequestID bool    `json:"ignore_bad_request_id"`
	Operations         []string
}

type vectorStep struct {
	Now     int64
	Do      string
	ZoneID  string `json:"zone_id"`
	ID      string
	JSON    string
	New     vectorFields
	Update  vectorFields
	Payload bool
	Query   vectorQuery
	Follow  string
	Request vectorRequest
	Call    struct {
		RequestID   string `json:"request_id"`
		Traceparent string
		Actor       string
	}
	Expect json.RawMessage
}

type vectorFields struct {
	ZoneID         string `json:"zone_id"`
	ID             string
	Operation      string
	InstallID      string `json:"install_id"`
	PackageID      string `json:"package_id"`
	PackageSlug    string `json:"package_slug"`
	PackageVersion *int64 `json:"package_version"`
	Links          []vectorLink
	Warnings       []vectorWarning
	Payload        *string
	ErrorMessage   string `json:"error_message"`
	ErrorDetail    string `json:"error_detail"`
}

type vectorLink struct {
	Href, Rel, Properties, Type string
	Titles                      [][2]string
}

type vectorWarning struct {
	Code, Message, Path string
	Details             []taskstate.WarningDetail
	RequestID           string `json:"request_id"`
	Status              int
	Timestamp           int64
}

type vectorQuery struct {
	ZoneID       string `json:"zone_id"`
	Statuses     []taskstate.Status
	Operation    string
	InstallID    string `json:"install_id"`
	PackageID    string `json:"package_id"`
	CreatedFrom  *int64 `json:"created_from"`
	CreatedUntil *int64 `json:"created_until"`
	Limit        int
	After        string
	Before       string
	WithTotal    bool `json:"with_total"`
}

type vectorRequest struct {
	Method          string
	ClientRequestID *string `json:"client_request_id"`
	IfNoneMatch     *string `json:"if_none_match"`
	Path            string
	Completed       string
}

func (o *vectorOptions) list() []taskstate.Option {
	options := []taskstate.Option{taskstate.WithOperations(o.Operations...), taskstate.WithCompleted(policy(o.Completed))}
	if o.Location != nil {
		options = append(options, taskstate.WithLocation(*o.Location))
	}
	if o.StatusURL != nil {
		options = append(options, taskstate.WithStatusURL(*o.StatusURL))
	}
	if o.RetryAfter != nil {
		least, most := time.Duration(o.RetryAfter[0])*time.Second, time.Duration(o.RetryAfter[1])*time.Second
		options = append(options, taskstate.WithRetryAfter(least, most))
	}
	if o.IgnoreBadRequestID {
		options = append(options, taskstate.WithLenientRequestIDs(true))
	}
	return options
}

func policy(name string) taskstate.CompletedPolicy {
	return map[string]taskstate.CompletedPolicy{
		"see_other": taskstate.CompletedSeeOther,
		"ok":        taskstate.CompletedOK,
	}[name]
}

func (f *vectorFields) newTask() taskstate.NewTask {
	spec := taskstate.NewTask{ZoneID: f.ZoneID, ID: f.ID, Operation: f.Operation, InstallID: f.InstallID,
		PackageID: f.PackageID, PackageSlug: f.PackageSlug, PackageVersion: f.PackageVersion,
		Links: f.links(), Warnings: f.warnings()}
	if f.Payload != nil {
		spec.Payload = []byte(*f.Payload)
	}
	return spec
}

func (f *vectorFields) update() taskstate.Update {
	return taskstate.Update{InstallID: f.InstallID, PackageID: f.PackageID, PackageSlug: f.PackageSlug,
		PackageVersion: f.PackageVersion, Links: f.links(), Warnings: f.warnings(),
		ErrorMessage: f.ErrorMessage, ErrorDetail: f.ErrorDetail}
}

func (f *vectorFields) links() []taskstate.Link {
	var links []taskstate.Link
	for _, from := range f.Links {
		link := taskstate.Link{Href: from.Href, Rel: from.Rel, Properties: json.RawMessage(from.Properties), Type: from.Type}
		for _, title := range from.Titles {
			if link.Titles == nil {
				link.Titles = map[string]string{}
			}
			link.Titles[title[0]] = title[1]
		}
		links = append(links, link)
	}
	return links
}

func (f *vectorFields) warnings() []taskstate.Warning {
	var warnings []taskstate.Warning
	for _, from := range f.Warnings {
		warnings = append(warnings, taskstate.Warning{Code: from.Code, Details: from.Details, Message: from.Message,
			Path: from.Path, RequestID: from.RequestID, Status: from.Status, Timestamp: time.UnixMicro(from.Timestamp)})
	}
	return warnings
}

func (q *vectorQuery) query() taskstate.ListQuery {
	query := taskstate.ListQuery{ZoneID: q.ZoneID, Statuses: q.Statuses, Operation: q.Operation, InstallID: q.InstallID,
		PackageID: q.PackageID, Limit: q.Limit, After: q.After, Before: q.Before, WithTotal: q.WithTotal}
	if q.CreatedFrom != nil {
		query.CreatedFrom = time.UnixMicro(*q.CreatedFrom)
	}
	if q.CreatedUntil != nil {
		query.CreatedUntil = time.UnixMicro(*q.CreatedUntil)
	}
	return query
}

func (r *vectorRequest) request() taskstate.Request {
	request := taskstate.Request{Method: r.Method, Path: r.Path, Header: http.Header{}, Completed: policy(r.Completed)}
	if r.ClientRequestID != nil {
		request.Header.Set("X-Client-Request-ID", *r.ClientRequestID)
	}
	if r.IfNoneMatch != nil {
		request.Header.Set("If-None-Match", *r.IfNoneMatch)
	}
	return request
}
