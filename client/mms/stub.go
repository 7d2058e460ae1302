package mms

import (
	"context"
	"errors"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

func dialHTTP(context.Context, address.Address, *Config, *trace.Tracer) (link, error) {
	return nil, media.At(media.RungTCP, errors.New("mms: not yet"))
}
