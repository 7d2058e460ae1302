package mms

import (
	"context"
	"errors"

	"tapedeck/client/address"
	"tapedeck/client/trace"
)

func dialFunnel(context.Context, address.Address, way, *Config, *trace.Tracer) (link, error) {
	return nil, errors.New("not yet")
}

func dialHTTP(context.Context, address.Address, *Config, *trace.Tracer) (link, error) {
	return nil, errors.New("not yet")
}
