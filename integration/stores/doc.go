// Package stores runs the real databases that Jaeger stores into, Elasticsearch,
// OpenSearch and Cassandra, and Zipkin, which is a store of its own, on free ports
// for a test, beside any other of them and without root. They are the programs of
// Maven Central, on the JDK of the machine. Start at Elasticsearch, OpenSearch,
// Cassandra and Zipkin; Fetch fills the cache that they take the programs from, and
// Guard puts a password or TLS in front of those that have none of their own.
package stores
