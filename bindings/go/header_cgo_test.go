//go:build cgo

package taskstate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

// hostile is what somebody could give to get a header of his own, or to lead a client elsewhere.
var hostile = []string{
	"a\r\nSet-Cookie: evil=1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\r\n\r\n<script>",
	"a\r\n folded: 1", "a\r\n\tfolded", "a\x00b",
	"%0d%0aSet-Cookie:%20evil=1", "%0D%0AX-Evil:1", "%250d%250aX-Evil:1",
	"\u560d\u560aX-Evil: 1", "\u010d\u010aX-Evil: 1", "a\u0085b", "a\u2028X-Evil: 1",
	"//evil.example/", "/\\\\evil.example", "https://evil.example/", "../../../evil", "a/../../evil",
	"?x=1#y", "a, b; rel=next>", `"quoted"`, "\u202eevil", strings.Repeat("x", 512), strings.Repeat("é", 256), "\xff\xfe",
}

// Whatever a task or a request holds, a client gets the headers of an answer and no other, over real HTTP.
func TestNothingHostileReachesAHeader(t *testing.T) {
	tasks := open(t, newPath(t))
	var decided taskstate.Request
	var id string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tasks.Decide(r.Context(), "z1", id, decided).ServeHTTP(w, r)
	}))
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	known := map[string]bool{"Content-Type": true, "Cache-Control": true, "Etag": true, "Retry-After": true,
		"Location": true, "Link": true, "X-Client-Request-Id": true, "Content-Length": true, "Date": true}
	ask := func() *http.Response {
		t.Helper()
		response, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.ReadAll(response.Body); err != nil {
			t.Fatal(err)
		}
		for name, values := range response.Header {
			value := strings.Join(values, "\n")
			if !known[name] || strings.IndexFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
				t.Errorf("the header %q: %q", name, value)
			}
		}
		return response
	}
	for number, value := range hostile {
		id, decided = "t"+string(rune('a'+number)), taskstate.Request{}
		start(t, tasks, id)
		if _, err := tasks.Complete(ctx, "z1", id, taskstate.Update{InstallID: value}); err != nil {
			complete := taskstate.Update{Links: []taskstate.Link{{Href: "/" + value, Rel: "result"}}}
			if _, err := tasks.Complete(ctx, "z1", id, complete); err == nil {
				t.Errorf("%q is taken for a path, but not for a name", value)
			}
			value = "harmless"
			if _, err := tasks.Complete(ctx, "z1", id, taskstate.Update{InstallID: value}); err != nil {
				t.Fatal(err)
			}
		}
		location := ask().Header.Get("Location")
		last, err := url.PathUnescape(location[strings.LastIndex(location, "/")+1:])
		if err != nil || last != value || !strings.HasPrefix(location, "/zones/z1/installs/") || strings.Count(location, "/") != 4 {
			t.Errorf("%q leads to %q: %v", value, location, err)
		}
		create(t, tasks, id+"-pending")
		request := httptest.NewRequest("GET", "/", nil)
		for _, name := range []string{"X-Client-Request-ID", "If-None-Match", "Prefer"} {
			request.Header[http.CanonicalHeaderKey(name)] = []string{hostile[number]}
		}
		for _, id = range []string{"t" + string(rune('a'+number)) + "-pending", "nobody", hostile[number]} {
			decided = taskstate.RequestFrom(request)
			decided.Path = hostile[number]
			ask()
		}
	}
}
