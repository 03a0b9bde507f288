package docker

// HostGateway is the name of the machine in a container, and the flag and the key
// that make it one on Linux.
const (
	HostName    = "host.docker.internal"
	HostGateway = HostName + ":host-gateway"
)
