package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// toolTimeout bounds ip, iptables and mount, which end at once or not at all.
const toolTimeout = 10 * time.Second

// required is the variable that turns the skip of a test that can have no
// machine into a failure, so that CI cannot skip the lab unseen.
const required = "OTDEMO_LAB_REQUIRED"

// Machine is a network with a loopback interface and a firewall, and a view of
// /etc, that belong to one test. It lasts as long as the test: nothing of it is
// in /run/netns, and a test binary that is killed takes it along. It is made of
// Linux namespaces below a user namespace, so it needs no root.
type Machine struct {
	// pid is of the process that holds the namespaces.
	pid int
	// wires counts the cables, for their names.
	wires int
}

// NewMachine returns a machine that is connected to nothing. The test is skipped
// where the kernel or the tools do not allow one; see OTDEMO_LAB_REQUIRED.
func NewMachine(t *testing.T) *Machine {
	t.Helper()
	for _, tool := range []string{"ip", "iptables", "nsenter", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			cannot(t, fmt.Sprintf("%s is missing: apt-get install iproute2 iptables util-linux", tool))
		}
	}
	cmd := holder("unshare", "--user", "--map-root-user", "--net", "--mount")
	return start(t, cmd)
}

// Beside returns another machine that NewMachine's owner may wire to this one.
func (m *Machine) Beside(t *testing.T) *Machine {
	t.Helper()
	cmd := holder("nsenter", "--target", strconv.Itoa(m.pid), "--user", "--preserve-credentials",
		"unshare", "--net", "--mount")
	return start(t, cmd)
}

// holder runs what holds the namespaces, which the words before it make.
func holder(words ...string) *exec.Cmd {
	words = append(words, "sh", "-c", "ip link set lo up && echo up && exec sleep infinity")
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // ends with its test, by a cleanup
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func start(t *testing.T, cmd *exec.Cmd) *Machine {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		cannot(t, err.Error())
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		cannot(t, fmt.Sprintf("no namespaces, got %q: %v", line, err))
	}
	return &Machine{pid: cmd.Process.Pid}
}

// cannot ends a test that can have no machine here.
func cannot(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv(required) != "" {
		t.Fatalf("no machine for the lab, and %s is set: %s", required, reason)
	}
	t.Skipf("no machine for the lab: %s", reason)
}

// Command returns c as it is to be started to run on the machine.
func (m *Machine) Command(c process.Command) process.Command {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		nsenter = "nsenter"
	}
	args := []string{
		"--target", strconv.Itoa(m.pid), "--user", "--preserve-credentials", "--net", "--mount",
	}
	if c.Dir != "" {
		// Entering the mounts would leave the directory.
		args = append(args, "--wd="+c.Dir)
	}
	c.Args = append(append(args, "--", c.Path), c.Args...)
	c.Path = nsenter
	return c
}

// Do runs a tool such as iptables on the machine, and fails the test unless it
// succeeds. It returns what the tool printed on stdout.
func (m *Machine) Do(t *testing.T, tool string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Fatal(err)
	}
	got := process.Run(t, toolTimeout, m.Command(process.Command{
		Path: path, Args: args,
		// iptables of the old kind locks a file that only root may write.
		Env: []string{"PATH=" + os.Getenv("PATH"), "XTABLES_LOCKFILE=" + filepath.Join(t.TempDir(), "lock")},
	}))
	if got.Code != 0 {
		t.Fatalf("%s %q: exit code %d\n%s%s", tool, args, got.Code, got.Stdout, got.Stderr)
	}
	return got.Stdout
}

// Firewall adds rules, each in the words of the iptables command.
func (m *Machine) Firewall(t *testing.T, rules ...[]string) {
	t.Helper()
	for _, rule := range rules {
		m.Do(t, "iptables", rule...)
	}
}

// Wire connects two machines that stand beside each other with an Ethernet cable
// between two addresses, each with its prefix: "10.77.0.1/24".
func Wire(t *testing.T, a *Machine, addrA string, b *Machine, addrB string) {
	t.Helper()
	// Two machines may have several cables.
	a.wires++
	name := fmt.Sprintf("v%d-%d", b.pid, a.wires)
	peer := fmt.Sprintf("v%d-%d", a.pid, a.wires)
	a.Do(t, "ip", "link", "add", name, "type", "veth", "peer", "name", peer, "netns", strconv.Itoa(b.pid))
	a.Do(t, "ip", "address", "add", addrA, "dev", name)
	a.Do(t, "ip", "link", "set", name, "up")
	b.Do(t, "ip", "address", "add", addrB, "dev", peer)
	b.Do(t, "ip", "link", "set", peer, "up")
}

// Etc gives the machine a file of its own, such as /etc/hosts, over one that is
// there. What is written to the path that it returns changes the file.
func (m *Machine) Etc(t *testing.T, path, content string) (own string) {
	t.Helper()
	own = filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(own, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	m.Do(t, "mount", "--bind", own, path)
	return own
}
