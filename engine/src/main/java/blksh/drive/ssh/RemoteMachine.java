package blksh.drive.ssh;

import blksh.drive.Machine;

/** What an agent tells of the drives of its machine. */
final class RemoteMachine implements Machine {

  private final Facts facts;

  private RemoteMachine(Facts facts) {
    this.facts = facts;
  }

  static RemoteMachine parse(String target, byte[] json) {
    return new RemoteMachine(Facts.parse(json, "the drives of " + target));
  }

  @Override
  public String lsblk() {
    return facts.text("lsblk");
  }

  @Override
  public String probe(String path) {
    return facts.object("blkid").text(path);
  }

  @Override
  public String fact(String name, String file) {
    return facts.object("sys").object(name).text(file);
  }
}
