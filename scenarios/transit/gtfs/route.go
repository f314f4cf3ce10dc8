package gtfs

import (
	"errors"
	"io/fs"
)

// A Route is a line (线路).
type Route struct {
	ID        string
	Agency    string // empty where there is only one, without an id
	ShortName string // as on the bus
	LongName  string
	Type      int    // as 1 metro, 3 bus; extended types to 1702
	Network   string // empty: none
}

// A Network is a group of lines with fares of its own.
type Network struct {
	ID, Name string
}

// Routes lists the lines.
func (f *Feed) Routes() []Route { return f.routes.rows }

// Route finds a line.
func (f *Feed) Route(id string) (Route, bool) { return f.routes.find(id) }

// Networks lists the networks.
func (f *Feed) Networks() []Network { return f.networks.rows }

// Network finds a network.
func (f *Feed) Network(id string) (Network, bool) { return f.networks.find(id) }

func (f *Feed) readNetworks(fsys fs.FS) error {
	t := open(fsys, "networks.txt", false)
	id, name := t.must("network_id"), t.column("network_name")
	for t.nextKept() {
		n := Network{ID: t.id(id), Name: t.text(name)}
		f.networks.add(t, id, n.ID, n)
	}
	return t.close()
}

// maxRouteType is the last of the extended route types.
const maxRouteType = 1702

func (f *Feed) readRoutes(fsys fs.FS) error {
	t := open(fsys, "routes.txt", true)
	id, agency, short, long := t.must("route_id"), t.column("agency_id"), t.column("route_short_name"), t.column("route_long_name")
	kind, network := t.must("route_type"), t.column("network_id")
	// A feed names networks in one of two ways: in files of their own, or here.
	elsewhere := len(f.networks.rows) > 0
	for t.nextKept() {
		r := Route{ID: t.id(id), Agency: t.optional(agency, &f.agencies.index), ShortName: t.text(short), LongName: t.text(long),
			Type: t.option(kind, maxRouteType, -1)}
		if r.Agency == "" && len(f.agencies.rows) > 1 {
			t.fail(agency, MissingValue, errRequired)
		}
		if len(t.bytes(network)) > 0 {
			if elsewhere {
				t.fail(network, ForbiddenValue, errors.New("networks.txt names the networks"))
			}
			r.Network = t.id(network)
			if !f.networks.has(r.Network) {
				f.networks.add(t, network, r.Network, Network{ID: r.Network})
			}
			if i, ok := f.networks.at[r.Network]; ok {
				r.Network = f.networks.ids[i]
			}
		}
		f.routes.add(t, id, r.ID, r)
	}
	return t.close()
}

func (f *Feed) readRouteNetworks(fsys fs.FS) error {
	t := open(fsys, "route_networks.txt", false)
	network, route := t.must("network_id"), t.must("route_id")
	for t.nextKept() {
		n, r := t.reference(network, &f.networks.index), t.reference(route, &f.routes.index)
		if t.err != nil {
			break
		}
		line := &f.routes.rows[f.routes.at[r]]
		if line.Network != "" {
			t.fail(route, Duplicate, errors.New("a route is in one network"))
		}
		line.Network = n
	}
	return t.close()
}
