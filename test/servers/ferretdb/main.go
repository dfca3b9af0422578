// Runs FerretDB with its SQLite backend on one loopback port, for the tests of the MongoDB adapter.
//
// FerretDB is embedded by its documented package: its own command panics when it is built from a module of another name,
// because files that its release process generates are not part of the published module.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	address := flag.String("listen", "127.0.0.1:27017", "the address to listen on")
	directory := flag.String("directory", "", "where databases are kept; it exists and ends with a slash")
	attached := flag.Bool("attached", false, "end with the standard input, and so with the process that holds its other end")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: *address},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: "file:" + *directory + "?_pragma=synchronous(off)",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *attached {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	go func() {
		// It returns once the listener is open, with the port that the system chose where that was 0.
		fmt.Println(server.MongoDBURI())
	}()
	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
