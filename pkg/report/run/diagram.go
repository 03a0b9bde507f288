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
	Name, Note, Class   string
	// The centre of the two lines of text, and their base lines.
	TextX, NameY, NoteY float64
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
	client := d.newLane("client made", l.Spans.MadeClient, 0)
	client.hops(lost, ledger.ClientQueue, ledger.ClientSend)
	path, rows := client, 1
	if l.Spans.MadeServer > 0 {
		server := d.newLane("server made", l.Spans.MadeServer, laneStep)
		server.hops(lost, ledger.ServerQueue, ledger.ServerSend)
		if lost[ledger.ServerGone] > 0 {
			server.hops(lost, ledger.ServerGone)
		}
		path = &lane{
			diagram: &d, y: laneStep / 2, column: max(client.column, server.column),
			ends: append(client.ends, server.ends...),
		}
		rows++
	}
	if l.ServiceUnseen != "" {
		// No arrow leaves it: the number of the server's spans and their path are
		// unknown.
		(&lane{diagram: &d, y: laneStep}).add("server made", "unknown", "", 0)
		rows++
	}

	hops := []ledger.HopName{ledger.Network, ledger.Backend}
	if lost[ledger.NetworkOrBackend] > 0 {
		hops = append(hops, ledger.NetworkOrBackend)
	}
	for _, hop := range hops {
		if lost[hop] == 0 && l.Unproven() != "" {
			path.add(string(hop), "unknown", "", 0)
		} else {
			path.hops(lost, hop)
		}
	}
	path.add("stored", fmt.Sprint(l.Spans.Stored), "end", 0)
	d.Width = path.column*boxStep - (boxStep - boxWidth) + diagramMargin
	d.Height = boxHeight + 2*diagramMargin + (rows-1)*laneStep
	return d
}

// lane is a row of boxes that grows to the right.
type lane struct {
	diagram *diagram
	column  int
	y       float64
	// ends are where the arrows to the next box begin: the last box, or those of the
	// lanes that meet here.
	ends []laneEnd
}

type laneEnd struct {
	box
	spans int64 // not lost so far
}

func (d *diagram) newLane(name string, made int64, y float64) *lane {
	l := &lane{diagram: d, y: y}
	l.add(name, fmt.Sprint(made), "end", -made)
	return l
}

func (l *lane) hops(lost map[ledger.HopName]int64, hops ...ledger.HopName) {
	for _, hop := range hops {
		note, class := "none lost", ""
		if lost[hop] != 0 {
			note, class = fmt.Sprintf("%d lost", lost[hop]), "lost"
		}
		l.add(string(hop), note, class, lost[hop])
	}
}

// add adds a box that the lane's spans reach, and at which some of them are lost.
func (l *lane) add(name, note, class string, lost int64) {
	x, y := float64(l.column*boxStep)+diagramMargin/2, l.y+diagramMargin
	b := box{
		X: x, Y: y, Width: boxWidth, Height: boxHeight,
		Name: name, Note: note, Class: class,
		TextX: x + boxWidth/2, NameY: y + 19, NoteY: y + 36,
	}
	l.column++
	l.diagram.Boxes = append(l.diagram.Boxes, b)
	left := -lost
	for _, end := range l.ends {
		l.diagram.connect(end.box, b, end.spans)
		left += end.spans
	}
	l.ends = []laneEnd{{b, left}}
}

func (d *diagram) connect(from, to box, spans int64) {
	a := arrow{
		X1: from.X + from.Width, Y1: from.Y + from.Height/2,
		X2: to.X - 2, Y2: to.Y + to.Height/2,
		Spans: spans,
	}
	a.TextX, a.TextY = (a.X1+a.X2)/2, (a.Y1+a.Y2)/2-6
	d.Arrows = append(d.Arrows, a)
}
