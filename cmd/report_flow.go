package cmd

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/load/ledger"
)

// The measures of the flow's drawing, in its own units.
const (
	stationWidth  = 108
	stationHeight = 46
	flowStep      = 168 // from station to station, with room for a number between
	laneStep      = 84  // from the client's lane to the server's
	flowMargin    = 4
)

// flow is a ledger drawn as the way of the spans: a lane for those of the client,
// one for those of the server, and the way that both share, with the number of
// spans on each stretch and what was lost at each station.
type flow struct {
	Width, Height int
	Stations      []station
	Stretches     []stretch
}

// station is a box of the drawing. X and Y are its upper left corner.
type station struct {
	X, Y, Width, Height float64
	Name, Note          string
	Class               string
}

// stretch is an arrow from one station to the next, with the spans that took it.
type stretch struct {
	X1, Y1, X2, Y2 float64
	TextX, TextY   float64
	Spans          int64
}

func newFlow(l *ledger.Ledger) flow {
	lost := make(map[ledger.HopName]int64)
	for _, hop := range l.Hops {
		lost[hop.Name] += hop.Lost
	}
	var f flow
	lanes := []*lane{f.newLane(0, 0, "client made", l.Spans.MadeClient)}
	lanes[0].pass(lost, ledger.ClientQueue, ledger.ClientSend)
	shared := 0.0
	if l.Spans.MadeServer > 0 {
		server := f.newLane(0, laneStep, "server made", l.Spans.MadeServer)
		server.pass(lost, ledger.ServerQueue, ledger.ServerSend)
		if lost[ledger.ServerGone] > 0 {
			server.pass(lost, ledger.ServerGone)
		}
		lanes, shared = append(lanes, server), laneStep/2
	}
	rows := len(lanes)
	if l.ServiceUnseen != "" {
		// Nothing leads on from it: what the server made, and where that is, is unknown.
		(&lane{flow: &f, y: laneStep}).add("server made", "unknown", "")
		rows++
	}

	way := &lane{flow: &f, y: shared}
	for _, from := range lanes {
		way.column = max(way.column, from.column)
		way.spans += from.spans
	}
	hops := []ledger.HopName{ledger.Network, ledger.Backend}
	if lost[ledger.NetworkOrBackend] > 0 {
		hops = append(hops, ledger.NetworkOrBackend)
	}
	for i, hop := range hops {
		var next station
		if lost[hop] == 0 && l.Unproven() != "" {
			next = way.add(string(hop), "unknown", "")
		} else {
			next = way.station(string(hop), lost[hop])
		}
		if i == 0 {
			for _, from := range lanes {
				f.link(from.last, next, from.spans)
			}
		} else {
			f.link(way.last, next, way.spans)
		}
		way.last = next
		way.spans -= lost[hop]
	}
	stored := way.add("stored", fmt.Sprint(l.Spans.Stored), "end")
	f.link(way.last, stored, way.spans)
	f.Width = way.column*flowStep - (flowStep - stationWidth) + flowMargin
	f.Height = stationHeight + 2*flowMargin + (rows-1)*laneStep
	return f
}

// lane is a row of stations that grows to the right.
type lane struct {
	flow   *flow
	column int
	y      float64
	spans  int64 // still on the way
	last   station
}

func (f *flow) newLane(column int, y float64, name string, made int64) *lane {
	l := &lane{flow: f, column: column, y: y, spans: made}
	l.last = l.add(name, fmt.Sprint(made), "end")
	return l
}

// pass leads the lane through the stations of hops.
func (l *lane) pass(lost map[ledger.HopName]int64, hops ...ledger.HopName) {
	for _, hop := range hops {
		next := l.station(string(hop), lost[hop])
		l.flow.link(l.last, next, l.spans)
		l.last = next
		l.spans -= lost[hop]
	}
}

func (l *lane) station(name string, lost int64) station {
	if lost == 0 {
		return l.add(name, "none lost", "")
	}
	return l.add(name, fmt.Sprintf("%d lost", lost), "lost")
}

func (l *lane) add(name, note, class string) station {
	s := station{
		X: float64(l.column*flowStep) + flowMargin/2, Y: l.y + flowMargin,
		Width: stationWidth, Height: stationHeight,
		Name: name, Note: note, Class: class,
	}
	l.column++
	l.flow.Stations = append(l.flow.Stations, s)
	return s
}

// TextX is where the station's two lines of text are centred.
func (s station) TextX() float64 { return s.X + s.Width/2 }

// NameY and NoteY are the base lines of the texts.
func (s station) NameY() float64 { return s.Y + 19 }

// NoteY is the second text's base line.
func (s station) NoteY() float64 { return s.Y + 36 }

func (f *flow) link(from, to station, spans int64) {
	a := stretch{
		X1: from.X + from.Width, Y1: from.Y + from.Height/2,
		X2: to.X - 2, Y2: to.Y + to.Height/2,
		Spans: spans,
	}
	a.TextX, a.TextY = (a.X1+a.X2)/2, (a.Y1+a.Y2)/2-6
	f.Stretches = append(f.Stretches, a)
}
