package main

import (
	"fmt"
	"time"

	"github.com/gocql/gocql"
)

// queryTimeout is less than what the compose file gives its health check.
const queryTimeout = 5 * time.Second

// cqlsh runs the query of "cqlsh -e QUERY" at the node of this container. It shows
// no rows: its answer is whether the node gives any.
func cqlsh(args []string) error {
	if len(args) != 2 || args[0] != "-e" {
		return fmt.Errorf("want -e QUERY, got %q", args)
	}
	ip, err := ownIP()
	if err != nil {
		return err
	}
	cluster := gocql.NewCluster(ip)
	cluster.NumConns, cluster.ProtoVersion, cluster.Consistency = 1, 4, gocql.One
	cluster.ConnectTimeout, cluster.Timeout = queryTimeout, queryTimeout
	cluster.DisableInitialHostLookup = true
	session, err := cluster.CreateSession()
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer session.Close()
	iter := session.Query(args[1]).Iter()
	if iter.NumRows() == 0 {
		return fmt.Errorf("no rows: %w", iter.Close())
	}
	return iter.Close()
}
