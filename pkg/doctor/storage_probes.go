package doctor

import "slices"

// storageProbes stand before those about containers: when Jaeger has exited for
// its storage, the storage is the cause.
func storageProbes() []Probe {
	return slices.Concat(
		[]Probe{esProbe()}, esStateProbes(),
		[]Probe{cassandraProbe()}, cassandraStateProbes(),
	)
}

// ids returns the ids of probes.
func ids(probes []Probe) []string {
	var all []string
	for i := range probes {
		all = append(all, probes[i].ID)
	}
	return all
}
