//go:build !go1.21

package taskstate

import "context"

// afterDone runs act once the context is done, unless the function it returns is called before. Before Go 1.21 only a
// goroutine can tell.
func afterDone(ctx context.Context, act func()) (stop func()) {
	stopped := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			act()
		case <-stopped:
		}
	}()
	return func() { close(stopped) }
}
