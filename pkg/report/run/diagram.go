package run

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/load/ledger"
)

// The measures of the diagram, in its own units.
const (
	boxWidth      = 108
	boxHeight     = 46
	boxStep       = 168 // from box to box, with space for a number between them
	laneStep      = 84  // from the client's lane to the server's
	diagramMargin = 4
)

// diagram is a ledger drawn as the path of the spans: a lane for those of the client,
// one for those of the server, and the path that both share, with the number of
// spans at each arrow and what was lost at each hop.
type diagram struct {
	Width, Height int
	Boxes         []box
	Arrows        []arrow
}

// box is a hop, or the start or end of the path. X and Y are its upper left corner.
type box struct {
	X, Y, Width, Height float64
	Name, Note          string
	Class               string
}

// arrow leads from one box to the next, with the number of spans on it.
type arrow struct {
	X1, Y1, X2, Y2 float64
	TextX, TextY   float64
	Spans          int64
}

func newDiagram(l *ledger.Ledger) diagram {
	lost := make(map[ledger.HopName]int64)
	for _, hop := range l.Hops {
		lost[hop.Name] += hop.Lost
	}
	var d diagram
	lanes := []*lane{d.newLane(0, 0, "client made", l.Spans.MadeClient)}
	lanes[0].pass(lost, ledger.ClientQueue, ledger.ClientSend)
	shared := 0.0
	if l.Spans.MadeServer > 0 {
		server := d.newLane(0, laneStep, "server made", l.Spans.MadeServer)
		server.pass(lost, ledger.ServerQueue, ledger.ServerSend)
		if lost[ledger.ServerGone] > 0 {
			server.pass(lost, ledger.ServerGone)
		}
		lanes, shared = append(lanes, server), laneStep/2
	}
	rows := len(lanes)
	if l.ServiceUnseen != "" {
		// No arrow leaves it: the number of the server's spans and their path are
		// unknown.
		(&lane{diagram: &d, y: laneStep}).add("server made", "unknown", "")
		rows++
	}

	path := &lane{diagram: &d, y: shared}
	for _, from := range lanes {
		path.column = max(path.column, from.column)
		path.spans += from.spans
	}
	hops := []ledger.HopName{ledger.Network, ledger.Backend}
	if lost[ledger.NetworkOrBackend] > 0 {
		hops = append(hops, ledger.NetworkOrBackend)
	}
	for i, hop := range hops {
		var next box
		if lost[hop] == 0 && l.Unproven() != "" {
			next = path.add(string(hop), "unknown", "")
		} else {
			next = path.addHop(string(hop), lost[hop])
		}
		if i == 0 {
			for _, from := range lanes {
				d.connect(from.last, next, from.spans)
			}
		} else {
			d.connect(path.last, next, path.spans)
		}
		path.last = next
		path.spans -= lost[hop]
	}
	stored := path.add("stored", fmt.Sprint(l.Spans.Stored), "end")
	d.connect(path.last, stored, path.spans)
	d.Width = path.column*boxStep - (boxStep - boxWidth) + diagramMargin
	d.Height = boxHeight + 2*diagramMargin + (rows-1)*laneStep
	return d
}

// lane is a row of boxes that grows to the right.
type lane struct {
	diagram *diagram
	column  int
	y       float64
	spans   int64 // not lost so far
	last    box
}

func (d *diagram) newLane(column int, y float64, name string, made int64) *lane {
	l := &lane{diagram: d, column: column, y: y, spans: made}
	l.last = l.add(name, fmt.Sprint(made), "end")
	return l
}

// pass extends the lane through hops.
func (l *lane) pass(lost map[ledger.HopName]int64, hops ...ledger.HopName) {
	for _, hop := range hops {
		next := l.addHop(string(hop), lost[hop])
		l.diagram.connect(l.last, next, l.spans)
		l.last = next
		l.spans -= lost[hop]
	}
}

func (l *lane) addHop(name string, lost int64) box {
	if lost == 0 {
		return l.add(name, "none lost", "")
	}
	return l.add(name, fmt.Sprintf("%d lost", lost), "lost")
}

func (l *lane) add(name, note, class string) box {
	b := box{
		X: float64(l.column*boxStep) + diagramMargin/2, Y: l.y + diagramMargin,
		Width: boxWidth, Height: boxHeight,
		Name: name, Note: note, Class: class,
	}
	l.column++
	l.diagram.Boxes = append(l.diagram.Boxes, b)
	return b
}

// TextX returns the centre of the box's two lines of text.
func (b box) TextX() float64 { return b.X + b.Width/2 }

// NameY returns the base line of the first line of text.
func (b box) NameY() float64 { return b.Y + 19 }

// NoteY returns the base line of the second line of text.
func (b box) NoteY() float64 { return b.Y + 36 }

func (d *diagram) connect(from, to box, spans int64) {
	a := arrow{
		X1: from.X + from.Width, Y1: from.Y + from.Height/2,
		X2: to.X - 2, Y2: to.Y + to.Height/2,
		Spans: spans,
	}
	a.TextX, a.TextY = (a.X1+a.X2)/2, (a.Y1+a.Y2)/2-6
	d.Arrows = append(d.Arrows, a)
}
