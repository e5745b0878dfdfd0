// The gateway of NeuraScale: the only way in.
//
//	gateway                 serves
//	gateway health [PATH]   asks the server in this container, for a health check; PATH is /readyz unless it is given
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"longshore.dev/services/neurascale/api-gateway/internal/gateway"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 0:
		return serve()
	case arguments[0] == "health" && len(arguments) <= 2:
		path := "/readyz"
		if len(arguments) == 2 {
			path = arguments[1]
		}
		return gateway.Ask(os.Getenv("PORT"), path)
	default:
		return fmt.Errorf("expected no argument or `health [PATH]`, got %q", arguments)
	}
}

func serve() error {
	settings, err := gateway.LoadSettings(os.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return gateway.Serve(ctx, settings, os.Stdout)
}
