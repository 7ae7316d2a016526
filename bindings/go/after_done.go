//go:build go1.21

package taskstate

import "context"

// afterDone runs act once the context is done, unless the function it returns is called before. No goroutine waits.
func afterDone(ctx context.Context, act func()) (stop func()) {
	cancel := context.AfterFunc(ctx, act)
	return func() { cancel() }
}
