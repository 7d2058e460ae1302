package mms

import (
	"cmp"
	"fmt"
	"slices"

	"tapedeck/client/address"
)

// A route is a way and the port that it leads to; without one, that of the link.
type route struct {
	way  way
	port string
}

// String names a route in events and errors.
func (r route) String() string {
	if r.way == overHTTP && r.port != "" && r.port != portHTTP {
		return fmt.Sprintf("%v at port %s", r.way, r.port)
	}
	return r.way.String()
}

// Ports where a link names none.
const (
	portMMS  = "1755"
	portHTTP = "80"
	portAlt  = "8080" // encoders', and the second choice of servers
)

// orders are the routes of each scheme, the first choice first (section 2.2:
// players of Microsoft ask in this order).
var orders = map[string][]route{
	"mms": {
		{overUDP, ""},
		{overTCP, ""},
		{overHTTP, portHTTP},
		{overHTTP, portAlt},
	},
	"mmsu": {{overUDP, ""}},
	"mmst": {{overTCP, ""}},
	"mmsh": {
		{overHTTP, portHTTP},
		{overHTTP, portAlt},
	},
}

// routesTo is what is tried for a link. A port in it holds for every way, but
// 1755 is no port of HTTP, nor 80 and 8080 ports of anything else. UDP is left
// out where it was lost the last time: what worked then goes first.
func routesTo(a address.Address, m *Memory) []route {
	var routes []route
	for _, r := range orders[a.Scheme] {
		asked := a.Port
		if a.Scheme == "mms" && (r.way == overHTTP && asked == portMMS) {
			asked = ""
		}
		if a.Scheme == "mms" && (asked == portHTTP || asked == portAlt) && r.way != overHTTP {
			continue
		}
		r.port = cmp.Or(asked, r.port)
		if !slices.Contains(routes, r) {
			routes = append(routes, r)
		}
	}
	if won := m.get(memoryKey(a)); won.way != 0 && slices.Contains(routes, won) {
		routes = slices.DeleteFunc(routes, func(r route) bool { return r == won || r.way == overUDP })
		routes = slices.Insert(routes, 0, won)
	}
	return routes
}

// teaches reports a link whose scheme leaves a choice that is worth remembering.
func teaches(a address.Address) bool { return len(routesTo(a, nil)) > 1 }

// to is the link as it is dialled over r.
func (r route) to(a address.Address) address.Address {
	a.Port = r.port
	if r.way == overHTTP && r.port == portHTTP {
		a.Port = ""
	}
	return a
}
