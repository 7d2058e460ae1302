package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
)

const (
	maxConfig  = 1 << 20
	appDir     = "tapedeck"
	configFile = appDir + "/config.toml"
)

// config is the file config.toml in the XDG config directory. Every field may
// be missing.
type config struct {
	VLC        string              `toml:"vlc"`        // path of VLC
	Volume     int                 `toml:"volume"`     // percent at the start; 100
	Recordings string              `toml:"recordings"` // folder; the XDG videos directory
	Keys       map[string][]string `toml:"keys"`       // action -> keys
	TLS        tlsConfig           `toml:"tls"`
}

// tlsConfig is what a user accepts of servers that speak RTSP over TLS.
type tlsConfig struct {
	Pins map[string]string `toml:"pins"` // "host:port" -> SHA-256 of the certificate, in hex
	Old  bool              `toml:"old"`  // TLS 1.0, 1.1 and RSA key exchange too
}

// loadConfig reads the file; a missing one is an empty one.
func loadConfig() (config, error) {
	var c config
	path := filepath.Join(xdg.ConfigHome, configFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return c, nil
	case err != nil:
		return c, err
	case info.Size() > maxConfig:
		return c, fmt.Errorf("%s: it is larger than %d bytes", path, maxConfig)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	d := toml.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		var bad *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			row, _ := strict.Errors[0].Position()
			return c, fmt.Errorf("%s: line %d: there is no setting %q", path, row, strings.Join(strict.Errors[0].Key(), "."))
		case errors.As(err, &bad):
			row, column := bad.Position()
			return c, fmt.Errorf("%s: line %d, column %d: %w", path, row, column, err)
		}
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if c.Volume < 0 || c.Volume > 200 {
		return c, fmt.Errorf("%s: volume is %d; it goes from 0 to 200", path, c.Volume)
	}
	return c, nil
}

// recordings is the folder that recordings without a path go to.
func (c config) recordings() string {
	if c.Recordings == "" {
		return filepath.Join(xdg.UserDirs.Videos, appDir)
	}
	if rest, ok := strings.CutPrefix(c.Recordings, "~/"); ok {
		return filepath.Join(xdg.Home, rest)
	}
	return c.Recordings
}

func favouritesDir() string { return filepath.Join(xdg.DataHome, appDir) }
func cacheDir() string      { return filepath.Join(xdg.CacheHome, appDir) }
func titlesFile() string    { return filepath.Join(xdg.StateHome, appDir, "titles.txt") }
func vlcLog() string        { return filepath.Join(xdg.StateHome, appDir, "vlc.log") }

// whereThingsAre is the end of the help.
func whereThingsAre() string {
	return fmt.Sprintf("Config:     %s\nFavourites: %s\nTitles:     %s\nVLC's log:  %s\n",
		filepath.Join(xdg.ConfigHome, configFile), filepath.Join(favouritesDir(), "favourites.m3u"), titlesFile(), vlcLog())
}
