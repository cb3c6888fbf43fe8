"""The healthy stack, measured: festning's and that of 2014, one lab after the other, by the same programs.

iperf3 for the bridge; wrk for requests as fast as they are answered (in C, with TLS, and a new number for each POST,
which no other generator of Debian's gives); festning's open-loop visitors for latencies at a fixed rate; mariadb-slap
for bare writes. All but the visitors are Debian's.
"""
