// client URL COMPLETED FAILED: see clients.py
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"time"
)

func do(client *http.Client, method, url, body string, headers ...string) (*http.Response, string) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for at := 0; at < len(headers); at += 2 {
		request.Header.Set(headers[at], headers[at+1])
	}
	trace := &httptrace.ClientTrace{Got100Continue: func() { fmt.Print("continued 100 ") }}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	var seen struct{ Status string }
	_ = json.Unmarshal(text, &seen) // a 304 has no body
	return response, seen.Status
}

func main() {
	url, completed, failed := os.Args[1], os.Args[2], os.Args[3]
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	created, _ := do(client, "POST", url+"/zones/z/installs", `{"package_id":"go"}`)
	fmt.Println("created", created.StatusCode, created.Header.Get("Location"))
	followed, status := do(client, "GET", completed, "")
	fmt.Println("followed", followed.StatusCode, followed.Request.URL, status)
	stopping := &http.Client{Timeout: client.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	stopped, status := do(stopping, "GET", completed, "")
	fmt.Println("stopped", stopped.StatusCode, stopped.Header.Get("Location"), status)
	known, _ := do(client, "GET", failed, "")
	unchanged, _ := do(client, "GET", failed, "", "If-None-Match", known.Header.Get("ETag"))
	fmt.Println("unchanged", unchanged.StatusCode)
	continued, _ := do(client, "POST", url+"/zones/z/installs", `{"package_id":"go"}`, "Expect", "100-continue")
	fmt.Println(continued.StatusCode)
}
