"""Machines that festning rents: made, found by their tags, and destroyed, at one provider a module.

Knows EC2, DigitalOcean, UpCloud and cloudscale.ch, by way of apache-libcloud, which is imported only where one of them
is asked. No state is kept: ``reconcile`` compares what is declared with what the tags find. Leaves to ``workflows``
what is declared, what its flows are, and whether anybody agreed.
"""
