//go:build cgo

package taskstate_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// catalog is a host: it makes tasks, lets a worker carry them out, and serves their status and what they led to.
type catalog struct {
	tasks *taskstate.Engine
	work  chan *taskstate.Task
}

func (c *catalog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	request := taskstate.RequestFrom(r)
	switch {
	case r.Method == http.MethodPost:
		task, err := c.tasks.Create(r.Context(), taskstate.NewTask{
			ZoneID: segments[1], Operation: taskstate.OpCreate, PackageID: r.FormValue("package_id"),
		})
		if err == nil {
			c.work <- task
		}
		_, _ = c.tasks.Accept(task, err, request).WriteTo(w)
	case segments[2] == "catalog_tasks":
		c.tasks.Decide(r.Context(), segments[1], segments[3], request).ServeHTTP(w, r)
	default:
		_, _ = io.WriteString(w, "install "+segments[3])
	}
}

func TestAClientIsLedToTheInstall(t *testing.T) {
	host := &catalog{open(t, newPath(t), taskstate.WithRetryAfter(0, 0)), make(chan *taskstate.Task, 1)}
	server := httptest.NewServer(host)
	defer server.Close()
	client := server.Client()
	read := func(response *http.Response, err error) (*http.Response, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}

	response, body := read(client.PostForm(server.URL+"/zones/z1/installs", map[string][]string{"package_id": {"pkg_1"}}))
	var task taskstate.Task
	if err := json.Unmarshal([]byte(body), &task); err != nil || response.StatusCode != 202 || task.PackageID != "pkg_1" {
		t.Fatal(response, body, err)
	}
	status := server.URL + response.Header.Get("Location")
	response, body = read(client.Get(status))
	if response.StatusCode != 200 || response.ContentLength != int64(len(body)) || body != string(task.JSON) {
		t.Error(response, body)
	}
	again, _ := http.NewRequest("GET", status, nil)
	again.Header.Set("If-None-Match", response.Header.Get("ETag"))
	if response, body := read(client.Do(again)); response.StatusCode != 304 || body != "" {
		t.Error(response, body)
	}
	if head, body := read(client.Head(status)); head.StatusCode != 200 || body != "" || head.ContentLength != response.ContentLength {
		t.Error(head, body)
	}

	go func() {
		task := <-host.work
		if _, err := host.tasks.Start(ctx, task.ZoneID, task.ID); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Millisecond)
		if _, err := host.tasks.Complete(ctx, task.ZoneID, task.ID, taskstate.Update{InstallID: "ins_1"}); err != nil {
			t.Error(err)
		}
	}()
	deadline := time.Now().Add(10 * time.Second)
	for body != "install ins_1" && time.Now().Before(deadline) {
		response, body = read(client.Get(status))
	}
	if body != "install ins_1" || response.Request.URL.Path != "/zones/z1/installs/ins_1" {
		t.Error(response, body)
	}

	response, body = read(client.PostForm(server.URL+"/zones/z1/installs", map[string][]string{"package_id": {"\x01"}}))
	if response.StatusCode != 400 || !strings.Contains(body, "validation_error") {
		t.Error(response, body)
	}
	response, body = read(client.Get(server.URL + "/zones/z2/catalog_tasks/" + task.ID))
	if response.StatusCode != 404 || !strings.Contains(body, `"path":"/zones/z2/catalog_tasks/`) {
		t.Error(response, body)
	}
}
