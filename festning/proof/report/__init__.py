"""What people see of drills: a ``page`` for each, and an ``index`` that leads to them.

Pages are one file each: styles, drawings and the little script are in them, and nothing is fetched from anywhere. They
say the same without the script, without colours, and on paper. Who writes them where is a workflow's to say.
"""
