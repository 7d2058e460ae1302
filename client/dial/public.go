package dial

import (
	"net/netip"
	"slices"
)

// private are more networks that not everybody shares, beside those of RFC 1918
// and RFC 4193.
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT (RFC 6598)
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarks (RFC 2544)
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("fec0::/10"), // site-local, as it once was
}

// Addresses of IPv6 that stand for one of IPv4.
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes
	sixToIV = netip.MustParsePrefix("2002::/16")    // RFC 3056: the four behind the prefix
)

// IsPublic reports whether ip belongs to the network that everybody shares.
func IsPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	switch b := ip.As16(); {
	case nat64.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[12:]))
	case sixToIV.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() &&
		!slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(ip) })
}
