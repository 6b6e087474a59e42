"""Label Studio: projects, push, pull. The only import of the SDK.

Three things the SDK does that this package does not let it do:
- it sends a POST again after a lost answer, and an import done twice is every task twice: no request here is retried
  by the SDK unless it only reads;
- its extended client takes every 404 for the end of a list, also that of a project deleted meanwhile, and loads pandas:
  ours is the plain one, and pages are asked for here;
- the text of its errors holds the session cookie: only status and detail go into ours, and the cause is cut off.

What needs no server is in `review.label_studio.labeling_config` and `review.label_studio.annotations`.
"""
