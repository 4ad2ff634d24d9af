import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('core', '0001_initial'),
        ('leads', '0001_initial'),
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='ImportJob',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to=settings.AUTH_USER_MODEL)),
                        ('file_name', models.CharField(help_text='as the person called it; the stored file is called by the uuid', max_length=255)),
                        ('size', models.PositiveIntegerField()),
                        ('file_gone', models.BooleanField(default=False)),
                        ('entity', models.CharField(max_length=20)),
                        ('source', models.CharField(max_length=60)),
                        ('header', models.JSONField(default=list)),
                        ('fingerprint', models.CharField(blank=True, max_length=64)),
                        ('total', models.PositiveIntegerField(default=0)),
                        ('mapping', models.JSONField(default=dict, help_text="the mapping file's content; empty until step 2")),
                        ('origin', models.CharField(blank=True, help_text='where the proposed mapping came from, in words', max_length=120)),
                        ('state', models.CharField(choices=[('draft', 'In preparation'), ('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Imported'), ('failed', 'Stopped'), ('undone', 'Undone')], default='draft', max_length=7)),
                        ('work', models.CharField(blank=True, choices=[('', 'nothing'), ('scan', 'reading the values'), ('check', 'checking every row'), ('run', 'importing'), ('undo', 'undoing')], default='', max_length=5)),
                        ('step', models.PositiveSmallIntegerField(default=1, help_text='the furthest step reached, 1 to 5')),
                        ('left_out', models.JSONField(default=list, help_text='lines of possible doubles that a person decided to skip')),
                        ('questions', models.JSONField(help_text='values that need a decision; null until the file was read for them', null=True)),
                        ('preview', models.JSONField(help_text='counts and rows of the last check; null when the mapping changed since', null=True)),
                        ('done_rows', models.PositiveIntegerField(default=0)),
                        ('counts', models.JSONField(default=dict)),
                        ('carried', models.JSONField(default=dict, help_text='rows that runs which died had stored')),
                        ('problem', models.TextField(blank=True)),
                        ('kept', models.JSONField(default=list, help_text='what an undo left as it is, with the reason')),
                        ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.importbatch')),
                        ('attempt', models.PositiveIntegerField(default=0)),
                        ('lease_until', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('work__gt', '')), fields=['lease_until'], name='integrations_job_open'), models.Index(fields=['actor', '-created_at'], name='integrations_job_by_person')],
                    },
                ),
                migrations.CreateModel(
                    name='GuideMark',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('step', models.CharField(max_length=10, unique=True)),
                        ('kind', models.CharField(choices=[('skipped', 'Put off'), ('read', 'Read'), ('away', 'Put away')], max_length=7)),
                        ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='SavedMapping',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('source', models.CharField(max_length=60)),
                        ('entity', models.CharField(max_length=20)),
                        ('fingerprint', models.CharField(max_length=64)),
                        ('mapping', models.JSONField()),
                        ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('used_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('source', 'entity', 'fingerprint'), name='integrations_saved_mapping_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ReplacedValue',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.importbatch')),
                        ('kind', models.CharField(choices=[('lead', 'Lead'), ('contact', 'Contact'), ('deal', 'Deal')], max_length=7)),
                        ('object_id', models.BigIntegerField()),
                        ('field', models.CharField(max_length=40)),
                        ('old', models.JSONField(null=True)),
                        ('new', models.JSONField(null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('batch', 'kind', 'object_id', 'field'), name='integrations_replaced_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CopyDoor',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', models.EmailField(help_text='log@copies.example.com; people get log+secret@copies.example.com', max_length=120)),
                        ('sealed_secret', models.TextField(blank=True, help_text='of the HTTP door, see core.sealing')),
                        ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('changed_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='CopyAddress',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copy_addresses', to=settings.AUTH_USER_MODEL)),
                        ('token', models.CharField(max_length=32, unique=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('user',), name='integrations_one_copy_address')],
                    },
                ),
                migrations.CreateModel(
                    name='MailCopy',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('message_id', models.CharField(blank=True, max_length=250)),
                        ('sent_at', models.DateTimeField(help_text='by its own date, if that is plausible')),
                        ('received_at', models.DateTimeField()),
                        ('outcome', models.CharField(choices=[('logged', 'Logged'), ('no_lead', 'No lead has this address'), ('automated', 'Sent by a machine'), ('sender', 'Not sent by the owner of the address'), ('not_allowed', 'The person logs no contacts'), ('no_meeting', 'A calendar entry without you, or an older version of one'), ('unreadable', 'Could not be read')], max_length=11)),
                        ('matched', models.PositiveIntegerField(default=0, help_text='leads on which it was logged')),
                        ('domains', models.CharField(blank=True, max_length=250)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['user', '-received_at'], name='integrations_copy_by_person')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('uid', models.CharField(max_length=200)),
                        ('occurrence', models.CharField(blank=True, help_text='of a series: which one of them', max_length=40)),
                        ('sequence', models.PositiveIntegerField(default=0)),
                        ('stamped_at', models.DateTimeField(help_text='when this version was written, by itself')),
                        ('cancelled', models.BooleanField(default=False)),
                        ('starts_at', models.DateTimeField()),
                        ('ends_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('user', 'uid', 'occurrence', 'sequence', 'stamped_at'), name='integrations_entry_version')],
                    },
                ),
                migrations.CreateModel(
                    name='Meeting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='integrations.calendarentry')),
                        ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
                        ('pause', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.leadevent')),
                        ('touch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.touch')),
                        ('due_at', models.DateTimeField(help_text='when it will have taken place')),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True), ('touch__isnull', True)), fields=['due_at'], name='integrations_meeting_open')],
                        'constraints': [models.UniqueConstraint(fields=('entry', 'lead'), name='integrations_meeting_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CaptureSite',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=80, unique=True)),
                        ('key', models.CharField(max_length=24, unique=True)),
                        ('origins', models.JSONField(default=list, help_text='such as https://www.example.com; forms of other pages are refused')),
                        ('thanks_url', models.CharField(blank=True, help_text='where a browser without scripts is sent', max_length=300)),
                        ('is_on', models.BooleanField(default=True)),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='CapturedForm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forms', to='integrations.capturesite')),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('received_at', models.DateTimeField()),
                        ('outcome', models.CharField(choices=[('created', 'A new lead'), ('known', 'A touch of a known lead'), ('honeypot', 'Filled the field that no human sees'), ('bot', 'Sent by a machine'), ('internal', 'Sent by our own people')], max_length=8)),
                        ('lead', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
                        ('page', models.CharField(blank=True, help_text='path of the page with the form', max_length=300)),
                        ('consent', models.BooleanField(default=False, help_text='whether the visitor had agreed to be remembered')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['site', '-received_at'], name='integrations_form_by_site')],
                    },
                ),
                migrations.CreateModel(
                    name='CaptureTrouble',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='troubles', to='integrations.capturesite')),
                        ('why', models.CharField(choices=[('origin', 'Came from a page that is not on the list'), ('off', 'The site is switched off'), ('unreadable', 'Could not be read'), ('email', 'Has no e-mail address'), ('limit', 'Too many in a short time'), ('not_ready', 'The stages are not set up yet')], max_length=10)),
                        ('detail', models.CharField(blank=True, help_text='the origin that was refused', max_length=200)),
                        ('times', models.PositiveIntegerField(default=1)),
                        ('first_at', models.DateTimeField()),
                        ('last_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('site', 'why', 'detail'), name='integrations_trouble_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CaptureCount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=64)),
                        ('span', models.DateTimeField(help_text='when it began')),
                        ('posts', models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['span'], name='integrations_count_over')],
                        'constraints': [models.UniqueConstraint(fields=('key', 'span'), name='integrations_capture_count_once')],
                    },
                ),
            ],
        ),
        *protect("integrations_mailcopy", "integrations_calendarentry", "integrations_capturedform"),
    ]
