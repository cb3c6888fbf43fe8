"""The stack of 2014 that festning is measured against, on the same lab machines, with the same programs and services.

Its settings are the guide's, row by row, and nothing is tuned that the guide does not name: what it is silent about has
the program's or Debian's default (units, kernel settings, Galera's provider options, state transfer by rsync). The
templates have each setting with a word about where it could not be had as it was.

What the guide leaves open, and how it is read here:

* **Front door.** "HAProxy on the core": there is one on each core, which is generous, as one is all that the guide
  shows. Both stand before the same web nodes, and reach them through the one hub. Edges are web nodes behind them, no
  front doors. HAProxy ends TLS (the guide's reason for 1.5) with the very certificates that festning would use.
* **Where PHP runs.** On the web nodes, behind nginx, as the guide's topology has it; and on the cores at
  127.0.0.1:8080, which is the guide's backup server. Both serve every service of the fortress.
* **Database address.** The guide has no failover for clients of the database: every PHP has 10.8.0.1, the first member.
* **Leases.** The document gives the addresses of all members. They are the leases that a first day would have written,
  so they are laid down as the lease file.
* **Client to client.** Members of the cluster at 10.8.0.5 and 10.8.0.6 meet through the hub, so it must let them.

What differs from the guide, and why that is fair:

* programs are Debian's of today, as festning's are (OpenVPN 2.6, HAProxy 3.0, MariaDB 11.8); the control channel of the
  tunnel then is TLS 1.3 with the vault's ECDSA keys, so that the Diffie-Hellman file is there and nobody asks for it;
* nftables stands in for firewalld, with the ports that firewalld would have open;
* the buffer pool is what festning's own data nodes get in the lab: 4 GiB would not fit;
* as many PHP workers as festning runs, since a pool of 5 (Debian's) would be compared instead of two architectures.

It is raised once on new machines and thrown away: files name no reactions, and nothing is drained.
"""
